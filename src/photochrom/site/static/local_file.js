// A classic script: browsers run no modules of a page that was opened as a file.
if (location.protocol === "file:") {
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelector("#empty .drop").textContent = "Browsers do not let a page that is opened as a file "
      + "run Photochrom. Put this folder on any web server, or serve it on this machine: "
      + "python3 -m http.server, started in this folder, then open http://localhost:8000";
  });
}
