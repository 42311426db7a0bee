import { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];

/** A cell; its style is visible only on terminals. */
export type Cell = string | { readonly text: string; readonly style: Style };

/** Formats rows below a head, in columns as wide as their widest cell; columns that are empty in all rows are omitted. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const shown = head.map((_, i) => i).filter(i => rows.length === 0 || rows.some(row => plain(row[i]) !== ''));
  const widths = shown.map(i => Math.max(...[head, ...rows].map(row => plain(row[i]).length)));
  const line = (cells: readonly Cell[]): string =>
    shown
      .map((i, column) => {
        const padding = column === shown.length - 1 ? '' : ' '.repeat((widths[column] ?? 0) - plain(cells[i]).length);
        return styled(cells[i] ?? '') + padding;
      })
      .join('  ')
      .trimEnd();
  return [head, ...rows].map(cells => `${line(cells)}\n`).join('');
}

export const styled = (cell: Cell): string =>
  typeof cell === 'string' ? cell : styleText(cell.style, cell.text, { stream: process.stdout });

const plain = (cell: Cell | undefined): string => (typeof cell === 'object' ? cell.text : (cell ?? ''));
