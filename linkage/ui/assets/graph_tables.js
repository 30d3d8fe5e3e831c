// The tables beside the drawing of a cluster. Python says which rows there are and which of them touch which mark; what
// is chosen, the drawing says by id, at the click: nobody waits for the server to see what touches a mark.

// Rows that are drawn at once; the others follow as the reader scrolls to them.
const AT_ONCE = 60;

export default viewed((root) => new Tables(root));

const FIGURES = {
  count: (value) => value.toLocaleString("en"),
  one: (value) => value.toFixed(1),
  two: (value) => value.toFixed(2),
  share: (value) => `${Math.round(value)} %`,
};

function made(name, fields = {}, ...inside) {
  const element = Object.assign(document.createElement(name), fields);
  element.append(...inside);
  return element;
}

class Tables {
  constructor(root) {
    this.root = root;
    this.chosen = null;
    // By name of the table: which column it is sorted by, and which way.
    this.sorted = {};
    this.hear = ({ detail }) => { if (detail.name === this.data?.name) this.choose(detail.id); };
    document.addEventListener("linkage:chosen", this.hear);
  }

  show(data) {
    const text = JSON.stringify(data);
    if (text === this.text) return;
    this.text = text;
    this.data = data;
    this.chosen = window.linkageChosen?.get(data.name) ?? null;
    this.draw();
  }

  choose(id) {
    if (id === this.chosen) return;
    this.chosen = id;
    this.draw();
  }

  ask(id) {
    document.dispatchEvent(new CustomEvent("linkage:choose", { detail: { name: this.data.name, id } }));
  }

  draw() {
    const mark = this.data.marks[this.chosen] ?? null;
    const held = this.held();
    this.head(mark);
    this.say("");
    this.root.querySelector(".tables").replaceChildren(...this.data.tables.map((table) => this.table(table, mark)));
    held?.();
  }

  // Whoever goes by the keyboard stays where it was: on its row, or in the table where that is listed no more.
  held() {
    const at = this.root.getRootNode().activeElement;
    const table = at?.closest("[data-table]")?.dataset.table;
    if (!table) return at && this.root.contains(at) ? () => this.root.querySelector(".rows")?.focus() : null;
    const id = at.closest("tr")?.dataset.mark;
    return () => {
      const section = this.root.querySelector(`[data-table="${table}"]`);
      const line = [...section.querySelectorAll("tbody tr")].find((one) => id && one.dataset.mark === id);
      (line?.querySelector("button") ?? section.querySelector(".rows")).focus({ preventScroll: true });
    };
  }

  say(notice) {
    this.root.querySelector(".notice").textContent = notice;
  }

  // What is selected; that it is, the drawing says to those who do not see it.
  head(mark) {
    const line = this.root.querySelector(".chosen");
    if (!mark) {
      line.textContent = "Nothing is selected: the tables show all of it. Choose a mark in the graph, or a row.";
      return;
    }
    const clear = made("button", { type: "button", textContent: "Clear selection" });
    clear.addEventListener("click", () => this.ask(null));
    const said = made("span", {}, made("b", { textContent: "Selected:" }), ` ${mark.said}. The tables show what touches it.`);
    line.replaceChildren(said);
    if (mark.link) {
      const link = made("a", { href: mark.link, target: "_blank", rel: "noopener", textContent: "Who else touched it" });
      line.append(link);
    }
    line.append(clear);
  }

  table(table, mark) {
    const own = mark?.[table.name];
    const columns = own?.on ? table.columns.toSpliced(1, 0, { ...table.on, values: own.on }) : table.columns;
    const rows = own?.rows ?? table.columns[0].values.map((_, row) => row);
    // What is said of a mark alone stands in the order of its rows, everything else in that of the table.
    const at = new Map(rows.map((row, place) => [row, place]));
    const value = (column, row) => (column.own ? column.values[at.get(row)] : column.values[row]) ?? null;
    const body = made("tbody");
    let order = this.ordered(table, columns, rows, value);
    let drawn = 0;
    const more = () => {
      body.append(...order.slice(drawn, drawn + AT_ONCE).map((row) => this.row(table, columns, row, value)));
      drawn += AT_ONCE;
    };
    more();
    const box = made("div", { className: "rows", tabIndex: 0 });
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", table.title);
    box.append(made("table", {}, this.header(table, columns), body));
    box.addEventListener("scroll", () => {
      if (drawn < order.length && box.scrollTop + 2 * box.clientHeight > box.scrollHeight) more();
    }, { passive: true });
    const section = made("section", {}, made("h3", { textContent: table.title }),
      made("p", { className: "said", textContent: own?.said ?? table.said }), box);
    section.dataset.table = table.name;
    return section;
  }

  ordered(table, columns, rows, value) {
    const by = this.sorted[table.name], column = columns.find(({ title }) => title === by?.title);
    if (!column) return rows;
    const of = (row) => column.order?.[row] ?? value(column, row);
    // What is not known comes last, either way.
    return [...rows].sort((one, other) => {
      const a = of(one), b = of(other);
      if (a === null || b === null) return (a === null) - (b === null);
      return by.way * (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));
    });
  }

  header(table, columns) {
    const by = this.sorted[table.name];
    const cells = columns.map((column) => {
      const { title, help, kind } = column;
      const button = made("button", { type: "button", textContent: title, title: help ?? "" });
      button.addEventListener("click", () => {
        const first = kind in FIGURES ? -1 : 1;
        const again = this.sorted[table.name]?.title === title ? this.sorted[table.name].way : 0;
        // A third press leads back to the order of the rows as they came.
        this.sorted[table.name] = again === -first ? null : { title, way: again ? -first : first };
        this.draw();
        this.root.querySelectorAll(`[data-table="${table.name}"] thead button`)[columns.indexOf(column)].focus();
      });
      const cell = made("th", { scope: "col", className: kind in FIGURES ? "figure" : "" }, button);
      if (by?.title === title) cell.setAttribute("aria-sort", by.way === 1 ? "ascending" : "descending");
      return cell;
    });
    return made("thead", {}, made("tr", {}, ...cells));
  }

  row(table, columns, row, value) {
    const id = table.marks[row];
    const [first, ...others] = columns;
    const name = made("button", { type: "button", textContent: value(first, row) });
    name.setAttribute("aria-pressed", String(id !== null && id === this.chosen));
    const line = made("tr", {}, made("th", { scope: "row" }, name), ...others.map((column) => this.cell(column, value(column, row))));
    if (id !== null) line.dataset.mark = id;
    if (id !== null && id === this.chosen) line.className = "chosen-row";
    line.addEventListener("click", () => {
      // Whoever marks a text of the row to copy it does not choose it.
      const marked = this.root.getRootNode().getSelection?.() ?? document.getSelection();
      if (!marked.isCollapsed && line.contains(marked.anchorNode)) return;
      if (id !== null) this.ask(id);
      else this.say(`${value(first, row)} is not among the identifiers that are drawn by themselves.`);
    });
    return line;
  }

  cell({ kind }, value) {
    const figure = FIGURES[kind];
    const text = value === null ? "–" : figure ? figure(value) : value;
    if (kind !== "share" || value === null) return made("td", { className: figure ? "figure" : "", textContent: text });
    const bar = made("span", { className: "bar" }, made("i"));
    bar.firstChild.style.width = `${Math.min(value, 100)}%`;
    return made("td", { className: "figure" }, bar, text);
  }

  leave() {
    document.removeEventListener("linkage:chosen", this.hear);
  }
}
