import { byId } from "./dom.js";
import { framed } from "./framing.js";

/** What is printed: the coloured photo alone, whole, as sharp as it has been fetched. */
export class PrintPicture {
  constructor(album, preview) {
    window.addEventListener("beforeprint", () => {
      const { current } = album;
      if (!current) return;
      const { bitmap } = preview.picture;
      const picture = preview.photo === current && bitmap ? framed(bitmap, current) : current.thumbnail;
      const canvas = byId("print");
      canvas.width = picture.width;
      canvas.height = picture.height;
      canvas.getContext("2d").drawImage(picture, 0, 0);
    });
  }
}
