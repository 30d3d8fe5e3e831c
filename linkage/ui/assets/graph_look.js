// What graph.js draws with, and stands before it in the same module: colours, outlines, the legend, and where the places
// of a reader are kept.

const PALETTES = {
  light: {
    blue: "#1d5fae", orange: "#a8480a", green: "#15733a", red: "#b3261e", violet: "#6a35b8",
    group: "#d5dce6", edge: "#8a94a3", line: "#4a5565",
  },
  dark: {
    blue: "#82b8ff", orange: "#f7b267", green: "#74d394", red: "#ff9490", violet: "#c6abff",
    group: "#4b5768", edge: "#7d8998", line: "#c5cedb",
  },
};
// Outlines of the legend, in a box of 20 by 20: the same shapes that cytoscape draws.
const OUTLINES = {
  ellipse: "M10 2a8 8 0 1 0 0 16a8 8 0 1 0 0-16z",
  diamond: "M10 1L19 10L10 19L1 10z",
  "round-rectangle": "M4 3h12a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z",
  hexagon: "M5.5 2h9L19 10l-4.5 8h-9L1 10z",
  star: "M10 1l2.6 6.2 6.4.4-5 4.2 1.7 6.5L10 14.7l-5.7 3.6L6 11.8 1 7.6l6.4-.4z",
  triangle: "M10 2L19 18H1z",
  octagon: "M6.5 1h7L19 6.5v7L13.5 19h-7L1 13.5v-7z",
  pentagon: "M10 1l9 6.9L15.6 19H4.4L1 7.9z",
  heptagon: "M10 1l7 3.4 1.8 7.8L14 18.5H6L1.2 12.2 3 4.4z",
  tag: "M1 2h12l6 8-6 8H1z",
  rhomboid: "M1 3h13l5 14H6z",
  vee: "M1 1l9 5 9-5-9 18z",
};
// Before the name of a view, where its places are kept.
const PLACES = "linkage.places.";

// An entry of the legend: the outline of a mark, and what it stands for.
function explained({ shape, hue, label, dashed }, colours) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "-1 -1 22 22");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", OUTLINES[shape] ?? OUTLINES.ellipse);
  path.setAttribute("fill", dashed ? "none" : colours[hue] ?? colours.violet);
  path.setAttribute("stroke", colours.line);
  path.setAttribute("stroke-width", "1.5");
  if (dashed) path.setAttribute("stroke-dasharray", "3 2");
  svg.append(path);
  const text = document.createElement("span");
  text.textContent = label;
  const item = document.createElement("li");
  item.append(svg, text);
  return item;
}

// What a reader moved and pinned in a view: {places: id → {x, y}, pins: ids}.
function stored(view) {
  const kept = { places: {}, pins: [] };
  try {
    return { ...kept, ...JSON.parse(localStorage.getItem(PLACES + view) ?? "{}") };
  } catch (fault) {
    if (fault instanceof SyntaxError) return kept;
    throw fault;
  }
}

function isDark(colour) {
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = colour;
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(probe.fillStyle.slice(at, at + 2), 16));
  return 0.299 * r + 0.587 * g + 0.114 * b < 128;
}
