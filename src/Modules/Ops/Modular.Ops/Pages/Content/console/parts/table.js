import { html } from '../core/html.js';

/**
 * A table that becomes a list of labelled values where there is no room for columns.
 * @param {{label: string, columns: {label?: string, isNumber?: boolean, cell: (row: any) => any}[], rows: any[], keyOf: (row: any, index: number) => string | number}} props
 *   a column without a label holds the row's actions
 */
export const Table = ({ label, columns, rows, keyOf }) => html`
  <table class="list" aria-label=${label}>
    <thead><tr>${columns.map((column) => html`<th key=${column.label} scope="col" class=${column.isNumber ? 'number' : undefined}>${column.label ?? html`<span class="unseen">Actions</span>`}</th>`)}</tr></thead>
    <tbody>${rows.map((row, index) => html`
      <tr key=${keyOf(row, index)}>${columns.map((column) => html`<td key=${column.label} data-label=${column.label} class=${column.isNumber ? 'number' : column.label ? undefined : 'row-actions'}>${column.cell(row)}</td>`)}</tr>`)}</tbody>
  </table>`;
