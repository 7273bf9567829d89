import { attr, type Content, html, type Html } from "./template.ts";

export interface Column {
  /** Empty for a column of buttons. */
  readonly label: string;
  /** `end` for numbers and buttons. */
  readonly align?: "start" | "end" | undefined;
  /** The column that names the row. */
  readonly isRowHeader?: boolean | undefined;
}

export interface TableOptions {
  readonly caption: Content;
  readonly columns: readonly (string | Column)[];
  readonly rows: readonly (readonly Content[])[];
  /** Shown in place of a table without rows. */
  readonly empty: Content;
  /** The keys j and k move from row to row, on the first link of each (with scripts). */
  readonly isKeyed?: boolean | undefined;
  readonly isDense?: boolean | undefined;
}

/** Up to so many columns fit a phone held upright in two words each. */
const FEW = 4;

/** Rows and columns; in narrow places each row becomes a card. Roles are spelled out because the cards lose them. */
export function table(options: TableOptions): Html {
  if (options.rows.length === 0) return html`<div class="empty empty-small"><p>${options.empty}</p></div>`;
  const columns = options.columns.map((column): Column => (typeof column === "string" ? { label: column } : column));
  const head = columns.map(
    (column) =>
      html`<th scope="col" role="columnheader" ${attr("class", column.align === "end" ? "align-end" : null)}>${column.label || html`<span class="visually-hidden">Actions</span>`}</th>`,
  );
  const rows = options.rows.map(
    (row) => html`<tr role="row">${row.map((value, index) => cell(columns[index], value))}</tr>`,
  );
  return html`<div class="table-frame"><table role="table" ${[
    attr("data-key-rows", options.isKeyed),
    attr(
      "class",
      [columns.length > FEW ? "columns-many" : "columns-few", options.isDense ? "dense" : ""].join(" ").trim(),
    ),
  ]}><caption>${options.caption}</caption><thead role="rowgroup"><tr role="row">${head}</tr></thead><tbody role="rowgroup">${rows}</tbody></table></div>`;
}

function cell(column: Column | undefined, value: Content): Html {
  const attributes = [
    attr("data-label", column?.label || null),
    attr("class", column?.align === "end" ? "align-end" : null),
  ];
  const inner = html`<div class="cell">${value}</div>`;
  return column?.isRowHeader
    ? html`<th scope="row" role="rowheader" ${attributes}>${inner}</th>`
    : html`<td role="cell" ${attributes}>${inner}</td>`;
}
