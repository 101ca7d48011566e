import * as api from "./api.js";
import { byId } from "./dom.js";
import { texts } from "./texts.js";

/** Show how the engine in this browser loads, what it is, and what it cannot do. */
export async function showEngine() {
  const node = byId("engine");
  const elsewhere = byId("elsewhere");
  elsewhere.textContent = texts.engine.elsewhere;
  node.hidden = elsewhere.hidden = false;
  try {
    const engine = await api.load((share, bytes) => { node.textContent = texts.engine.loading(share, bytes); });
    node.textContent = texts.engine.ready(engine);
  } catch (error) {
    node.textContent = texts.engine.failed(error.message);
  }
}
