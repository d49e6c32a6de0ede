// What can be pointed at in a picture: printed numbers and cells, by where they are.

/** Put an element's indices inside the bracket at the end, if there is one: weights[2, 6, 3]. */
export function elementAddress(address, indices) {
  const inside = indices.join(", ");
  return address.endsWith("]") ? `${address.slice(0, -1)}, ${inside}]` : `${address}[${inside}]`;
}

/** The cells of a matrix, evenly spaced in its box. */
function cells({ address, rows, columns, box: [x, y, width, height] }) {
  const down = rows ?? [null];
  const across = columns ?? [null];
  const [wide, high] = [width / across.length, height / down.length];
  return down.flatMap((row, i) =>
    across.map((column, j) => ({
      address: elementAddress(
        address,
        [row, column].filter((index) => index !== null),
      ),
      box: [x + j * wide, y + i * high, wide, high],
    })),
  );
}

const middle = ({ box: [x, y, width, height] }) => [x + width / 2, y + height / 2];

function isInside([x, y], [left, top, width, height]) {
  return x >= left && x < left + width && y >= top && y < top + height;
}

/** Everything that can be pointed at; a number printed in its own cell is one with the cell. */
export function targetsOf(regions) {
  const isGrid = (region) => region.rows || region.columns;
  const printed = new Map();
  for (const region of regions.filter((each) => !isGrid(each))) {
    const others = printed.get(region.address) ?? [];
    printed.set(region.address, [...others, region]);
  }
  const inCells = new Set();
  const all = regions.filter(isGrid).flatMap(cells);
  for (const cell of all) {
    const own = printed.get(cell.address)?.find((each) => isInside(middle(each), cell.box));
    if (!own) continue;
    cell.text = own.text;
    inCells.add(own);
  }
  const alone = [...printed.values()].flat().filter((region) => !inCells.has(region));
  return [...alone, ...all].toSorted((a, b) => a.box[1] - b.box[1] || a.box[0] - b.box[0]);
}

/** The smallest target at a point of the picture, of equal ones the topmost; or null. */
export function targetAt(targets, x, y) {
  let best = null;
  for (const target of targets) {
    if (!isInside([x, y], target.box)) continue;
    if (!best || target.box[2] * target.box[3] <= best.box[2] * best.box[3]) best = target;
  }
  return best;
}

// A step sideways weighs more than one in the direction asked for.
const SIDEWAYS = 3;

/** The nearest other target in the direction (dx, dy) from one; itself where there is none. */
export function neighbour(targets, from, dx, dy) {
  const [x, y] = middle(from);
  let [best, least] = [from, Infinity];
  for (const target of targets) {
    const [toX, toY] = middle(target);
    const ahead = (toX - x) * dx + (toY - y) * dy;
    const aside = Math.abs((toX - x) * dy) + Math.abs((toY - y) * dx);
    const far = ahead + SIDEWAYS * aside;
    if (ahead > 1 && far < least) [best, least] = [target, far];
  }
  return best;
}
