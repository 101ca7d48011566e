/** How a language writes numbers; `language` is its code. Functions to build texts with. */
export function numbersOf(language) {
  const rules = new Intl.PluralRules(language);
  const format = (value, digits, how) => new Intl.NumberFormat(language,
    { minimumFractionDigits: digits, maximumFractionDigits: digits, ...how }).format(value);
  const decimal = (value, digits = 0) => format(value, digits, {});
  const two = (number) => String(number).padStart(2, "0");
  return {
    decimal,
    /** Of a number of hundredths, such as 12 of 100. */
    percent: (value, digits = 0) => format(value / 100, digits, { style: "percent" }),
    megabytes: (bytes) => format(bytes / 1e6, 0, { style: "unit", unit: "megabyte" }),
    many: (count, one, more) => `${decimal(count)} ${rules.select(count) === "one" ? one : more}`,
    /** A time in a film, in seconds. */
    clock(seconds) {
      const whole = Math.floor(seconds);
      const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
      return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
    },
  };
}
/** The whole hundredths of a film that are done. */
export const doneOf = ({ done, total }) => Math.floor(100 * done / Math.max(1, total));
