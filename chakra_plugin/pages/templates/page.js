"use strict";
// Tables to search: a search box, choices, sorting, and rows drawn as far as they are wanted.
for (const root of document.querySelectorAll("[data-search-table]")) {
  const rows = JSON.parse(root.querySelector("script[type='application/json']").textContent);
  const texts = rows.map((row) => row.join("\n").toLowerCase());
  const step = Number(root.dataset.shown);
  const body = root.querySelector("tbody");
  const headers = [...root.querySelectorAll("thead th")];
  const controls = root.querySelector("form");
  const search = root.querySelector("input[type=search]");
  const output = root.querySelector("output");
  const more = root.querySelector(".more");
  const choices = [...root.querySelectorAll("select")].map((select) => ({
    select,
    column: headers.findIndex((each) => each.textContent === select.dataset.column),
  }));
  let order = null;
  let found = [];
  let drawn = 0;

  const shown = (cell) =>
    cell === null ? "" : typeof cell === "number" ? cell.toLocaleString("en") : cell;

  const draw = (count) => {
    const part = document.createDocumentFragment();
    for (const place of found.slice(drawn, drawn + count)) {
      const line = document.createElement("tr");
      rows[place].forEach((cell, column) => {
        const made = document.createElement(column ? "td" : "th");
        if (!column) made.scope = "row";
        if (headers[column].classList.contains("number")) made.className = "number";
        made.textContent = shown(cell);
        line.append(made);
      });
      part.append(line);
    }
    body.append(part);
    drawn = Math.min(found.length, drawn + count);
    more.hidden = drawn >= found.length;
    output.textContent = `${found.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows`;
  };

  const before = (a, b) => {
    const one = rows[a][order.column];
    const other = rows[b][order.column];
    if (one === other) return a - b;
    if (one === null) return 1;
    if (other === null) return -1;
    const sign = typeof one === "number" && typeof other === "number"
      ? one - other
      : String(one) < String(other) ? -1 : 1;
    return order.down ? -sign : sign;
  };

  const look = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = [];
    for (let place = 0; place < rows.length; place += 1) {
      const text = texts[place];
      if (!words.every((word) => text.includes(word))) continue;
      if (choices.every(({ select, column }) =>
        !select.value || select.value === `=${shown(rows[place][column])}`)) found.push(place);
    }
    if (order) found.sort(before);
    body.replaceChildren();
    drawn = 0;
    draw(step);
  };

  for (const { select, column } of choices) {
    for (const value of [...new Set(rows.map((row) => shown(row[column])))].sort()) {
      const option = document.createElement("option");
      option.value = `=${value}`;
      option.textContent = value || "(nothing)";
      select.append(option);
    }
    select.addEventListener("change", look);
  }
  headers.forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    header.replaceChildren(button);
    button.addEventListener("click", () => {
      order = { column, down: order !== null && order.column === column && !order.down };
      for (const each of headers) each.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", order.down ? "descending" : "ascending");
      look();
    });
  });
  search.addEventListener("input", look);
  controls.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => draw(step));
  root.querySelector(".rest")?.remove();
  controls.hidden = false;
  look();
}
