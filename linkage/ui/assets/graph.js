// The graph of a cluster: draws what Python computed, and says by id what was selected. Decides nothing else.
// Zoom, pan, places that were dragged, and the keyboard's place stay as they are from one run to the next. Until a
// reader does something with it, the whole drawing stands in the middle, whatever size the canvas takes.

// Zoom, pan and places by name of the view, for when a reader leaves a tab and comes back.
const left = new Map();

// Room around a drawing that is fitted, in pixels: labels are wider than they are high.
const ROOM = { x: 48, y: 32 };

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export default viewed((root) => new View(root), (view, { setTriggerValue }) => {
  view.send = (id) => setTriggerValue("select", { id });
  view.ask = (event, id) => setTriggerValue(event, { id });
});

class View {
  constructor(root) {
    this.root = root;
    this.canvas = root.querySelector(".canvas");
    this.state = root.querySelector(".state");
    this.tip = root.querySelector(".tip");
    this.spoken = root.querySelector(".spoken");
    this.cy = null;
    this.data = null;
    this.cursor = null;
    this.focused = null;
    this.fitted = false;
    root.querySelector(".bar").addEventListener("click", (event) => this.act(event.target.dataset?.do));
    this.canvas.addEventListener("keydown", (event) => this.press(event));
    this.canvas.addEventListener("blur", () => this.point(null));
    for (const deed of ["pointerdown", "keydown", "wheel"]) {
      this.canvas.addEventListener(deed, () => { this.fitted = false; }, { capture: true, passive: true });
    }
    // A wheel over the canvas scrolls the page; it zooms only with Ctrl or the command key.
    this.canvas.addEventListener("wheel", (event) => this.cy?.userZoomingEnabled(event.ctrlKey || event.metaKey),
      { capture: true, passive: true });
    // The engine remembers where the canvas stands, and cannot see from inside a shadow root that the page scrolled or
    // that something above grew: it is told to look again before it takes a position from the mouse.
    this.lookAgain = () => this.cy?.renderer().invalidateContainerClientCoordsCache();
    this.canvas.addEventListener("pointerenter", this.lookAgain, true);
    this.canvas.addEventListener("pointerdown", this.lookAgain, true);
    document.addEventListener("scroll", this.lookAgain, { capture: true, passive: true });
    // A row of the tables that stand beside the drawing was chosen: the same as the mark itself.
    this.hear = ({ detail }) => { if (detail.name === this.data?.name) this.choose(detail.id); };
    document.addEventListener("linkage:choose", this.hear);
    this.watch = new ResizeObserver(() => this.resized());
    this.watch.observe(this.canvas);
  }

  async show(data) {
    this.pictures ??= data.picture;
    this.data = data;
    this.tell();
    this.legend();
    this.canvas.setAttribute("aria-label", data.alt);
    if (!this.engine) this.engine = import(new URL(data.engine, document.baseURI).href);
    let engine;
    try {
      engine = (await this.engine).default;
    } catch {
      this.engine = null;
      this.state.textContent =
        "The drawing could not be loaded. The tables hold the same; reload the page to try again.";
      return;
    }
    if (this.gone) return;
    if (!this.cy) this.begin(engine);
    // Most runs change nothing of the drawing, and a choice is marked before the page confirms it: to give a thousand
    // elements their looks again would take longer than the rest of a click.
    const drawn = JSON.stringify([data.view, data.nodes, data.edges]);
    const same = drawn === this.drawn;
    this.drawn = drawn;
    if (!same) this.merge();
    this.paint();
    if (!same || data.selected !== this.marked) this.mark();
    else this.buttons(this.cy.nodes(".chosen"));
    this.state.textContent = this.data.nodes.length ? "" : "There is nothing to draw: no identifier ties these accounts.";
    this.canvas.dataset.shown = this.data.view;
    if (this.data.picture > this.pictures) this.image();
    this.pictures = this.data.picture;
  }

  begin(engine) {
    this.cy = engine({
      container: this.canvas,
      layout: { name: "preset" },
      minZoom: 0.1,
      maxZoom: 4,
      userZoomingEnabled: false,
      boxSelectionEnabled: false,
      autounselectify: true,
    });
    this.cy.on("tap", (event) => {
      if (event.target === this.cy) this.choose(null);
      else if (event.target.isNode()) this.tapped(event.target, event.originalEvent?.timeStamp ?? performance.now());
    });
    this.cy.on("dragfree", "node", () => this.store());
    this.cy.on("mouseover", "node, edge", (event) => this.hint(event.target, event.renderedPosition));
    this.cy.on("mouseout pan zoom drag", () => this.hint(null));
    this.cy.on("zoom resize free", () => this.relabel());
  }

  // The page's own styles may come after the first drawing, and a window changes its size.
  resized() {
    if (!this.cy) return;
    this.cy.resize();
    if (this.fitted) this.fit();
  }

  // Into the middle, with room for labels. By places and sizes alone: labels and borders come and go, and the same
  // drawing has to stand the same whenever it is fitted.
  fit() {
    const { cy } = this, from = { x: Infinity, y: Infinity }, to = { x: -Infinity, y: -Infinity };
    cy.nodes().forEach((node) => {
      const half = node.data("width") / 2, at = node.position();
      for (const axis of ["x", "y"]) {
        from[axis] = Math.min(from[axis], at[axis] - half);
        to[axis] = Math.max(to[axis], at[axis] + half);
      }
    });
    if (from.x > to.x) return;
    const most = Math.min((cy.width() - 2 * ROOM.x) / (to.x - from.x), (cy.height() - 2 * ROOM.y) / (to.y - from.y));
    const zoom = Math.min(Math.max(most, cy.minZoom()), cy.maxZoom());
    const pan = { x: (cy.width() - zoom * (from.x + to.x)) / 2, y: (cy.height() - zoom * (from.y + to.y)) / 2 };
    cy.viewport({ zoom, pan });
    this.fitted = true;
  }

  // Add what is new, remove what is gone, update what stays. What stays keeps its place.
  merge() {
    const { cy, data } = this;
    this.sized = null;
    if (this.view !== data.view) {
      // Another view has places of its own.
      if (this.view) this.keep();
      cy.elements().remove();
      this.view = data.view;
    }
    const first = cy.elements().empty();
    const kept = left.get(data.view), own = stored(data.view);
    const wanted = new Set([...data.nodes, ...data.edges].map((item) => item.id));
    cy.batch(() => {
      cy.elements().filter((item) => !wanted.has(item.id())).remove();
      for (const node of data.nodes) {
        const { x, y, ...fields } = node;
        const old = cy.getElementById(node.id);
        if (old.nonempty()) old.data(fields);
        else cy.add({ group: "nodes", data: fields, position: kept?.places[node.id] ?? own.places[node.id] ?? { x, y } });
      }
      for (const edge of data.edges) {
        const old = cy.getElementById(edge.id);
        if (old.nonempty()) old.data(edge);
        else cy.add({ group: "edges", data: edge });
      }
    });
    cy.nodes().forEach((node) => { if (own.pins.includes(node.id())) node.lock().addClass("pinned"); });
    this.fitted = false;
    if (first && kept) cy.viewport({ zoom: kept.zoom, pan: kept.pan });
    else if (first) this.fit();
  }

  paint() {
    const style = getComputedStyle(this.root.host ?? this.root);
    const text = style.getPropertyValue("--st-text-color").trim() || "#222";
    const ground = style.getPropertyValue("--st-background-color").trim() || "#fff";
    const colours = PALETTES[isDark(ground) ? "dark" : "light"];
    const look = [text, ground].join();
    if (look === this.look) return;
    this.look = look;
    this.colours = colours;
    this.legend();
    const hue = (node) => colours[node.data("hue")] ?? colours.violet;
    this.cy.style([
      { selector: "node", style: {
        shape: "data(shape)", width: "data(width)", height: "data(width)", "background-color": hue,
        "border-width": 1.5, "border-color": colours.line, label: "", color: text, "font-family": style.fontFamily,
        "text-valign": "bottom", "text-outline-color": ground, "z-index": 2 } },
      { selector: "node[?discounted]", style: { "border-style": "dashed", "border-width": 2.5, "background-opacity": 0.35 } },
      { selector: "node.named", style: { label: "data(label)", "z-index": 3 } },
      { selector: "edge", style: {
        width: "data(width)", "line-color": colours.edge, opacity: 0.55, "curve-style": "haystack", "haystack-radius": 0 } },
      { selector: "node.pinned", style: { "border-style": "double", "border-width": 5 } },
      { selector: ".away", style: { display: "none" } },
      { selector: ".faded", style: { opacity: 0.16 } },
      { selector: "edge.near", style: { opacity: 1, "line-color": colours.line } },
      { selector: "node.chosen", style: { "border-width": 4, "border-color": text } },
      { selector: "node.cursor", style: { "overlay-color": text, "overlay-opacity": 0.2, "overlay-padding": 8 } },
    ]);
    this.label();
  }

  // Labels keep their size on the screen whatever the zoom, and stand where there is room for them: what is chosen
  // and its neighbours first, then identifiers, then groups, those that stand for most first. A label may cover a
  // group or an account, whose fill is pale, but no identifier and no other label.
  label() {
    const { cy } = this;
    const zoom = cy.zoom(), size = 12 / zoom;
    const pen = (this.pen ??= document.createElement("canvas").getContext("2d"));
    pen.font = `12px ${getComputedStyle(this.canvas).fontFamily}`;
    const rank = (node) =>
      node.hasClass("chosen") || node.hasClass("cursor") ? 3 : node.hasClass("near") ? 2 : node.data("rank");
    const nodes = cy.nodes(":visible").sort((a, b) =>
      rank(b) - rank(a) || b.data("accounts") - a.data("accounts") || (a.id() < b.id() ? -1 : 1));
    const taken = nodes.filter("[rank > 0]").map((node) => {
      const at = node.renderedPosition(), half = node.renderedWidth() / 2;
      return [at.x - half, at.y - half, at.x + half, at.y + half, node.id()];
    });
    cy.batch(() => {
      if (this.sized !== zoom) {
        cy.nodes().style({ "font-size": size, "text-outline-width": 2.5 / zoom, "text-margin-y": 3 / zoom });
      }
      nodes.forEach((node) => {
        const at = node.renderedPosition(), top = at.y + node.renderedHeight() / 2 + 2;
        const half = pen.measureText(node.data("label")).width / 2 + 3;
        const box = [at.x - half, top, at.x + half, top + 16];
        const free = taken.every(([left, high, right, low, id]) =>
          id === node.id() || box[2] < left || box[0] > right || box[3] < high || box[1] > low);
        const named = rank(node) === 3 || (free && rank(node) >= 0 && !node.hasClass("faded"));
        node.toggleClass("named", named);
        if (named) taken.push([...box, ""]);
      });
    });
    this.sized = zoom;
  }

  relabel() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.cy && this.label());
  }

  mark() {
    const { cy, data } = this;
    const chosen = data.selected ? cy.getElementById(data.selected) : cy.collection();
    cy.batch(() => {
      cy.elements().removeClass("chosen near faded away");
      if (chosen.nonempty()) {
        cy.elements().difference(chosen.closedNeighborhood()).addClass("faded");
        chosen.neighborhood().addClass("near");
        chosen.addClass("chosen");
        if (this.focused) cy.elements(".faded").addClass("away");
      }
    });
    this.marked = data.selected;
    if (chosen.empty()) this.focus(false);
    this.label();
    this.buttons(chosen);
    this.canvas.dataset.selected = chosen.nonempty() ? chosen.id() : "";
  }

  buttons(chosen) {
    const button = (name) => this.root.querySelector(`[data-do="${name}"]`);
    for (const name of ["clear", "focus", "pin"]) button(name).disabled = chosen.empty();
    const group = this.group(chosen);
    button("turn").disabled = !group;
    button("turn").textContent = group && this.data.opened.includes(group) ? "Close group" : "Open group";
    button("focus").setAttribute("aria-pressed", String(Boolean(this.focused)));
    button("pin").setAttribute("aria-pressed", String(chosen.nonempty() && chosen.locked()));
    const own = stored(this.data.view);
    button("places").disabled = !Object.keys(own.places).length && !own.pins.length;
  }

  // The group that a mark is, or that it was taken out of.
  group(chosen) {
    if (chosen.empty()) return null;
    return chosen.data("of") || (chosen.data("group") || this.data.opened.includes(chosen.id()) ? chosen.id() : null);
  }

  // A second click right after the first opens a group, or closes it; a single one selects.
  tapped(node, now) {
    const twice = this.last?.id === node.id() && now - this.last.at < 350;
    this.last = { id: node.id(), at: now };
    if (twice && this.group(node)) this.turn(node);
    else this.choose(node.id());
  }

  turn(node) {
    const group = this.group(node);
    if (!group) return;
    this.spoken.textContent = this.data.opened.includes(group) ? "Group closed." : "Group opened.";
    this.ask("turn", group);
  }

  // Shows the selection and what touches it alone; the view from before comes back with the rest.
  focus(on) {
    const { cy } = this;
    if (on === Boolean(this.focused)) return;
    if (on) {
      this.focused = { zoom: cy.zoom(), pan: { ...cy.pan() } };
      this.mark();
      cy.fit(cy.elements(":visible"), 60);
    } else {
      const before = this.focused;
      this.focused = null;
      this.mark();
      cy.viewport(before);
    }
  }

  pin(node) {
    if (node.locked()) node.unlock().removeClass("pinned");
    else node.lock().addClass("pinned");
    this.store();
    this.buttons(node);
  }

  // What the reader moved or pinned stays there in this browser, also tomorrow: ids and places, nothing else.
  store() {
    const own = stored(this.data.view), pins = new Set(own.pins);
    const computed = new Map(this.data.nodes.map((node) => [node.id, node]));
    // What is not drawn now, in a group that is closed say, keeps what it has.
    this.cy.nodes().forEach((node) => {
      const id = node.id(), { x, y } = node.position(), at = computed.get(id);
      delete own.places[id];
      if (at && (Math.abs(at.x - x) > 0.5 || Math.abs(at.y - y) > 0.5)) own.places[id] = { x, y };
      pins.delete(id);
      if (node.hasClass("pinned")) pins.add(id);
    });
    own.pins = [...pins];
    localStorage.setItem(PLACES + this.data.view, JSON.stringify(own));
    this.buttons(this.cy.nodes(".chosen"));
  }

  computed() {
    localStorage.removeItem(PLACES + this.data.view);
    for (const { id, x, y } of this.data.nodes) {
      this.cy.getElementById(id).unlock().removeClass("pinned").position({ x, y });
    }
    this.relabel();
    this.buttons(this.cy.nodes(".chosen"));
  }

  image() {
    const ground = getComputedStyle(this.root.host ?? this.root).getPropertyValue("--st-background-color").trim() || "#fff";
    const url = URL.createObjectURL(this.cy.png({ output: "blob", full: true, scale: 2, bg: ground }));
    const link = Object.assign(document.createElement("a"), { href: url, download: `graph-${this.data.view}.png` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  choose(id) {
    if (id === this.data.selected) id = null;
    if (id === null && !this.data.selected) return;
    // Tables of a run before may name a mark that is drawn no more.
    if (id !== null && !this.data.nodes.some((node) => node.id === id)) return;
    this.fitted = false;
    // Shown at once; the page confirms it with its next run.
    this.data = { ...this.data, selected: id };
    this.tell();
    if (this.cy) this.mark();
    const said = this.data.nodes.find((node) => node.id === id)?.said;
    this.spoken.textContent = id ? `Selected: ${said}` : "Selection cleared.";
    this.send(id);
  }

  // The tables follow at once; those that come later find what is chosen where it was left.
  tell() {
    const { name, selected } = this.data;
    (window.linkageChosen ??= new Map()).set(name, selected ?? null);
    document.dispatchEvent(new CustomEvent("linkage:chosen", { detail: { name, id: selected ?? null } }));
  }

  act(name) {
    const { cy } = this;
    if (!cy || !name) return;
    const middle = { renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } };
    this.fitted = false;
    if (name === "fit") this.fit();
    if (name === "in") cy.zoom({ level: cy.zoom() * 1.3, ...middle });
    if (name === "out") cy.zoom({ level: cy.zoom() / 1.3, ...middle });
    if (name === "clear") this.choose(null);
    if (name === "places") this.computed();
    if (name === "picture") this.ask("picture", this.data.view);
    const chosen = cy.nodes(".chosen");
    if (chosen.empty()) return;
    if (name === "turn") this.turn(chosen);
    if (name === "focus") this.focus(!this.focused);
    if (name === "pin") this.pin(chosen);
  }

  press(event) {
    const { cy } = this;
    if (!cy || event.altKey || event.ctrlKey || event.metaKey) return;
    const deed = { "+": "in", "=": "in", "-": "out", 0: "fit", Escape: "clear", o: "turn", f: "focus", p: "pin" }[event.key];
    if (deed) this.act(deed);
    else if (MOVES[event.key]) this.point(this.next(MOVES[event.key]));
    else if ((event.key === "Enter" || event.key === " ") && this.cursor) this.choose(this.cursor);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // The nearest mark in a direction, nearer to its axis first.
  next([dx, dy]) {
    const { cy } = this;
    const from = this.cursor ? cy.getElementById(this.cursor) : cy.collection();
    if (from.empty()) return this.data.selected ?? this.data.nodes[0]?.id ?? null;
    const here = from.position();
    let best = null;
    cy.nodes(":visible").forEach((node) => {
      const x = node.position("x") - here.x, y = node.position("y") - here.y;
      const along = x * dx + y * dy, across = Math.abs(x * dy) + Math.abs(y * dx);
      if (along <= 0) return;
      const cost = along + 2 * across;
      if (!best || cost < best.cost) best = { cost, id: node.id() };
    });
    return best?.id ?? this.cursor;
  }

  point(id) {
    const { cy } = this;
    if (!cy) return;
    cy.nodes().removeClass("cursor");
    this.cursor = id;
    if (!id) return;
    const node = cy.getElementById(id);
    node.addClass("cursor");
    this.label();
    const at = node.renderedPosition();
    if (at.x < 20 || at.y < 20 || at.x > cy.width() - 20 || at.y > cy.height() - 20) cy.center(node);
    this.spoken.textContent = node.data("said");
    this.hint(node, node.renderedPosition());
  }

  hint(item, at) {
    this.tip.hidden = !item;
    if (!item) return;
    this.tip.textContent = item.data("said");
    const right = at.x > this.cy.width() / 2, low = at.y > this.cy.height() / 2;
    this.tip.style.left = right ? "auto" : `${at.x + 16}px`;
    this.tip.style.right = right ? `${this.cy.width() - at.x + 16}px` : "auto";
    this.tip.style.top = low ? "auto" : `${at.y + 12}px`;
    this.tip.style.bottom = low ? `${this.cy.height() - at.y + 12}px` : "auto";
  }

  legend() {
    const list = this.root.querySelector(".legend");
    const colours = this.colours ?? PALETTES.light;
    list.replaceChildren(...this.data.legend.map((entry) => explained(entry, colours)));
  }

  leave() {
    this.gone = true;
    this.watch.disconnect();
    document.removeEventListener("scroll", this.lookAgain, { capture: true });
    document.removeEventListener("linkage:choose", this.hear);
    if (!this.cy) return;
    this.keep();
    this.cy.destroy();
    this.cy = null;
  }

  keep() {
    const places = {};
    this.cy.nodes().forEach((node) => { places[node.id()] = { ...node.position() }; });
    left.set(this.view, { zoom: this.cy.zoom(), pan: { ...this.cy.pan() }, places });
  }
}
