// A classic script, run before anything is painted, so that a chosen theme does not flash.
document.documentElement.dataset.theme = localStorage.getItem("photochrom-theme")
  ?? (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark");
