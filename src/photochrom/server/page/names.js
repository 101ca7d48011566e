// Names of colours: the nearest of a selection from the survey of Randall Munroe (xkcd.com/color/rgb.txt,
// CC0 1.0), in CIE Lab.

import { labFromHex } from "./lab.js";
import { texts } from "./texts.js";

export const NAMES = `
  black:000000,charcoal:343837,dark grey:363737,medium grey:7d7f7c,grey:929591,light grey:d8dcd6,
  silver:c5c9c7,white:ffffff,off white:ffffe4,ivory:ffffcb,cream:ffffc2,beige:e6daa6,tan:d1b26f,
  sand:e2ca76,khaki:aaa662,warm grey:978a84,blue grey:607c8e,greenish grey:96ae8d,
  light brown:ad8150,brown:653700,dark brown:341c02,chocolate brown:411900,reddish brown:7f2b0a,
  greyish brown:7a6a4f,golden brown:b27a01,olive brown:645403,copper:b66325,bronze:a87900,
  sienna:a9561e,rust:a83c09,brick red:8f1402,brick:a03623,mahogany:4a0100,chestnut:742802,
  pale brown:b1916e,burnt orange:c04e01,dark orange:c65102,orange:f97306,yellowish orange:ffab0f,
  pale orange:ffa756,peach:ffb07c,apricot:ffb16d,light peach:ffd8b1,terracotta:ca6641,red:e50000,
  dark red:840000,light red:ff474c,cherry red:f7022a,pale red:d9544d,crimson:8c000f,
  burgundy:610023,maroon:650021,wine:80013f,pink:ff81c0,light pink:ffd1df,pale pink:ffcfdc,
  hot pink:ff028d,bright pink:fe01b1,deep pink:cb0162,dark pink:cb416b,dusty pink:d58a94,
  rose:cf6275,dusty rose:c0737a,salmon:ff796c,coral:fc5a50,greyish pink:c88d94,yellow:ffff14,
  bright yellow:fffd01,light yellow:fffe7a,pale yellow:ffff84,golden yellow:fec615,gold:dbb40c,
  mustard:ceb301,dark yellow:d5b60a,ochre:bf9005,goldenrod:fac205,olive:6e750e,dark olive:373e02,
  light olive:acbf69,olive green:677a04,army green:4b5d16,moss green:658b38,sage:87ae73,
  light olive green:a4be5c,yellow green:c0fb2d,chartreuse:c1f80a,lime green:89fe05,
  light green:96f97b,pale green:c7fdb5,mint green:8fff9f,bright green:01ff07,green:15b01a,
  dark green:033500,very dark green:062e03,forest green:06470c,grass green:3f9b0b,
  sea green:53fca1,greyish green:82a67d,pine green:0a481e,spring green:a9f971,
  dark sea green:11875d,teal:029386,dark teal:014d4e,light teal:90e4c1,dull teal:5f9e8f,
  turquoise:06c2ac,light turquoise:7ef4cc,aqua:13eac9,aquamarine:04d8b2,cyan:00ffff,
  pale cyan:b7fffa,light cyan:acfffc,sky blue:75bbfd,light sky blue:c6fcff,light blue:95d0fc,
  pale blue:d0fefe,baby blue:a2cffe,blue:0343df,bright blue:0165fc,medium blue:2c6fbb,
  dark blue:00035b,deep blue:040273,navy:01153e,navy blue:001146,royal blue:0504aa,
  cobalt blue:030aa7,cornflower blue:5170d7,steel blue:5a7d9a,dusty blue:5a86ad,
  greyish blue:5e819d,slate blue:5b7c99,midnight blue:020035,dull blue:49759c,
  very dark blue:000133,cerulean:0485d1,dark sky blue:448ee4,indigo:380282,violet:9a0eea,
  dark violet:34013f,purple:7e1e9c,light purple:bf77f6,pale purple:b790d4,dark purple:35063e,
  deep purple:36013f,bright purple:be03fd,royal purple:4b006e,lavender:c79fef,
  pale lavender:eecffe,light lavender:dfc5fe,lilac:cea2fd,periwinkle:8e82fe,mauve:ae7181,
  dusty purple:825f87,greyish purple:887191,plum:580f41,dark plum:3f012c,very dark purple:2a0134,
  eggplant:380835,magenta:c20078,dark magenta:960056,fuchsia:ed0dd9,light magenta:fa5ff7,
  orchid:c875c4,raspberry:b00149
`.trim().split(",").map((entry) => {
  const [name, hex] = entry.trim().split(":");
  return { name, lab: labFromHex(hex) };
});

const radians = Math.PI / 180;
const hue = (a, b) => (Math.atan2(b, a) / radians + 360) % 360;

/** CIEDE2000 of two colours in Lab (Sharma, Wu, Dalal, 2005). */
export function difference([l1, a1, b1], [l2, a2, b2]) {
  const mean = (Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2;
  const grey = (c) => Math.sqrt(c ** 7 / (c ** 7 + 25 ** 7));
  const stretch = 1.5 - 0.5 * grey(mean);
  const [c1, c2] = [Math.hypot(a1 * stretch, b1), Math.hypot(a2 * stretch, b2)];
  const [h1, h2] = [hue(a1 * stretch, b1), hue(a2 * stretch, b2)];
  const both = c1 * c2 > 0;
  const turn = both ? ((h2 - h1 + 540) % 360) - 180 : 0;
  const [l, c] = [(l1 + l2) / 2, (c1 + c2) / 2];
  const h = both ? h1 + turn / 2 : h1 + h2;
  const cos = (times, shift) => Math.cos((times * h - shift) * radians);
  const t = 1 - 0.17 * cos(1, 30) + 0.24 * cos(2, 0) + 0.32 * cos(3, -6) - 0.2 * cos(4, 63);
  const deep = (l - 50) ** 2;
  const dl = (l2 - l1) / (1 + 0.015 * deep / Math.sqrt(20 + deep));
  const dc = (c2 - c1) / (1 + 0.045 * c);
  const dh = 2 * Math.sqrt(c1 * c2) * Math.sin(turn / 2 * radians) / (1 + 0.015 * c * t);
  const about = (h + 360) % 360;
  const rotation = -2 * grey(c) * Math.sin(60 * Math.exp(-(((about - 275) / 25) ** 2)) * radians);
  return Math.sqrt(dl ** 2 + dc ** 2 + dh ** 2 + rotation * dc * dh);
}

/** A name for a colour, such as "dusty rose", in the page's language. */
export function nameOf(lightness, [a, b]) {
  const lab = [lightness, a, b];
  let [best, least] = ["", Infinity];
  for (const { name, lab: other } of NAMES) {
    const far = difference(lab, other);
    if (far < least) [best, least] = [name, far];
  }
  return texts.colorNames[best] ?? best;
}
