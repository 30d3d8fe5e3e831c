// J and K choose a row of the table that follows, Enter opens it. The row is outlined over the table, which draws itself
// on a canvas; which cluster stands in it, the table itself is asked: a reader may have sorted it by another column.

export default viewed((root) => new Rows(root));

// What takes letters for itself, and what does something of its own on Enter.
const TYPED = "input, textarea, select, [contenteditable=''], [contenteditable=true], [role=combobox], [role=listbox], " +
  "[role=option], [role=menu], [role=menuitem], [role=dialog]";
const ENTERED = `${TYPED}, button, a, summary, [role=button], [role=tab], [role=radio], [role=grid]`;

class Rows {
  constructor(root) {
    this.root = root;
    this.spoken = root.querySelector(".spoken");
    this.cursor = root.querySelector(".cursor");
    this.at = null;
    this.press = (event) => this.pressed(event);
    document.addEventListener("keydown", this.press, { capture: true });
    // Whoever clicks into the table may be about to sort it.
    this.touch = (event) => { if (this.table()?.contains(event.target)) this.choose(null); };
    document.addEventListener("pointerdown", this.touch, { capture: true });
    this.follow = () => this.draw();
    document.addEventListener("scroll", this.follow, { capture: true, passive: true });
    window.addEventListener("resize", this.follow);
  }

  show(data) {
    const same = this.data && this.data.table === data.table && this.data.ids.join() === data.ids.join();
    this.data = data;
    if (same) this.draw();
    else this.choose(null);
  }

  // The table as it is on the page now; the framework may have replaced it.
  table() {
    return document.querySelector(`.st-key-${CSS.escape(this.data.table)} [data-testid=stDataFrame]`);
  }

  pressed(event) {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const target = event.composedPath()[0];
    const inside = (what) => target.closest?.(what) ?? null;
    const step = { j: 1, k: -1 }[event.key];
    if (step && !inside(TYPED)) {
      const last = this.data.ids.length - 1;
      if (last < 0) return;
      // A button that was pressed last must not take the Enter that is meant for the row.
      if (document.activeElement !== document.body) document.activeElement?.blur();
      this.choose(this.at === null ? 0 : Math.min(Math.max(this.at + step, 0), last));
    } else if (event.key === "Enter" && this.at !== null && !inside(ENTERED)) this.open();
    else if (event.key === "Escape" && this.at !== null && !inside(TYPED)) this.choose(null);
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  async choose(at) {
    this.at = at;
    this.spoken.textContent = "";
    this.reveal();
    this.draw();
    if (at === null) return;
    const id = await this.id();
    if (id !== null && this.at === at) {
      this.spoken.textContent = `Row ${at + 1} of ${this.data.ids.length}: ${this.data.said[id]}`;
    }
  }

  async open() {
    const at = this.at, id = await this.id();
    if (id === null || this.at !== at) return;
    // As a link would: one entry in the browser's history.
    window.history.pushState({}, "", this.data.to[id]);
    window.dispatchEvent(new PopStateEvent("popstate"));
  }

  // Id of the cluster in the chosen row, as the table says it to screen readers, some time after it was scrolled.
  async id() {
    const at = this.at, until = performance.now() + 2000;
    while (this.at === at && performance.now() < until) {
      const cell = this.table()?.querySelector(
        `[role=row][aria-rowindex="${at + 2}"] [role=gridcell][aria-colindex="${this.data.column}"]`);
      const id = cell?.textContent.trim().split(" ")[0];
      if (id && id in this.data.to) return id;
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    return null;
  }

  reveal() {
    const scroller = this.table()?.querySelector(".dvn-scroller");
    if (!scroller || this.at === null) return;
    const { header, height } = this.data, top = this.at * height;
    const room = scroller.clientHeight - header;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + height > scroller.scrollTop + room) scroller.scrollTop = top + height - room;
    this.draw();
    if (!this.cursor.hidden) this.cursor.scrollIntoView({ block: "nearest" });
  }

  draw() {
    const table = this.data && this.table();
    const scroller = table?.querySelector(".dvn-scroller");
    const { header, height } = this.data ?? {};
    const top = scroller && this.at !== null ? header + this.at * height - scroller.scrollTop : -1;
    // Not where the row has been scrolled out of the table.
    this.cursor.hidden = !scroller || this.at === null || top < header - height / 2 || top > table.clientHeight - height / 2;
    if (this.cursor.hidden) return;
    const here = (this.root.host ?? this.root).getBoundingClientRect(), there = table.getBoundingClientRect();
    this.cursor.style.top = `${there.top - here.top + top}px`;
    this.cursor.style.left = `${there.left - here.left}px`;
    this.cursor.style.width = `${there.width}px`;
    this.cursor.style.height = `${height}px`;
  }

  leave() {
    document.removeEventListener("keydown", this.press, { capture: true });
    document.removeEventListener("pointerdown", this.touch, { capture: true });
    document.removeEventListener("scroll", this.follow, { capture: true });
    window.removeEventListener("resize", this.follow);
  }
}
