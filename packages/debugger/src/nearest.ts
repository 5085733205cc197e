/** Edits (insert, delete, replace, swap two neighbours) from `a` to `b`, at most `most`; `most + 1` where it takes more. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min(row[j - 1] + 1, last[j] + 1, last[j - 1] + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[b.length];
}

/**
 * The names that a mistyped one may have meant, best first: those within a third of its length in edits, as a whole or
 * in their beginning, then those that contain it.
 * Letter case does not count.
 */
export function nearest(wanted: string, names: Iterable<string>, count = 5): readonly string[] {
  const text = wanted.toLowerCase();
  const most = Math.max(1, Math.floor(text.length / 3));
  const ranked: { name: string; rank: number }[] = [];
  for (const name of new Set(names)) {
    const candidate = name.toLowerCase();
    const edits = distance(text, candidate, most);
    // A beginning that is mistyped: MDSRC for MDSCR_EL1.
    const begins = distance(text, candidate.slice(0, text.length), most);
    if (edits <= most) ranked.push({ name, rank: edits });
    else if (text.length > 2 && begins <= most) ranked.push({ name, rank: begins + 0.5 + candidate.length / 1000 });
    else if (text.length > 2 && candidate.includes(text)) ranked.push({ name, rank: most + 1 + candidate.length / 1000 });
  }
  return ranked.sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1)).slice(0, count).map(({ name }) => name);
}
