/* The two functions of <math.h> that the kernel calls; WebAssembly has both as instructions. */

static inline float sqrtf(float value) { return __builtin_sqrtf(value); }
static inline double rint(double value) { return __builtin_rint(value); }
