import { op } from '@worldswitch/engine';
import type { Operation, Semantics } from '@worldswitch/engine';
import type { EXCLUSIVES } from '../facts/encodings/exclusives.ts';
import { xOrSink, xOrSp, xOrZero } from '../state.ts';
import { checkBase, TRANSFERS } from './access.ts';
import type { Transfer } from './access.ts';
import { ACQUIRE, EXCLUSIVE, PAIR, RELEASE } from './attributes.ts';

interface Single {
  readonly rn: number;
  readonly rt: number;
}
interface Second {
  readonly rt2: number;
  readonly sz: number;
}
interface Status {
  readonly rs: number;
}

/**
 * An exclusive is aligned to its whole size. The helper `setMonitor(address, bytes)` marks the location for this processor; it
 * comes after the access was checked, so that a faulting load leaves the monitor alone.
 */
function load<F>(form: (operands: F) => Transfer, attributes = 0): Operation<F & Single> {
  return op(
    (o: F & Single) => {
      const { size, width } = form(o);
      return { shape: { size, width, sp: o.rn === 31 }, t: xOrSink(o.rt), n: xOrSp(o.rn) };
    },
    (s, { shape: { size, width, sp }, t, n }) => {
      checkBase(s, sp);
      const address = s.int(n, 64);
      const access = s.access('read', address, size, { alignment: 'strict', attributes: EXCLUSIVE | attributes });
      const value = s.loadFrom(access, 0, size, width);
      s.helper('setMonitor', address, s.literal(size, 64));
      s.setInt(t, value);
    },
  );
}

function loadPair(attributes = 0): Operation<Single & Second> {
  return op(
    (o) => {
      const { size, width } = TRANSFERS.register(o);
      return { shape: { size, width, sp: o.rn === 31 }, t: xOrSink(o.rt), t2: xOrSink(o.rt2), n: xOrSp(o.rn) };
    },
    (s, { shape: { size, width, sp }, t, t2, n }) => {
      checkBase(s, sp);
      const address = s.int(n, 64);
      const access = s.access('read', address, 2 * size, {
        element: size, alignment: 'strict', alignTo: 2 * size, attributes: EXCLUSIVE | PAIR | attributes,
      });
      const first = s.loadFrom(access, 0, size, width);
      const second = s.loadFrom(access, size, size, width);
      s.helper('setMonitor', address, s.literal(2 * size, 64));
      s.setInt(t, first);
      s.setInt(t2, second);
    },
  );
}

/**
 * The helper `storeExclusive(address, first, second, bytes, attributes)` does everything: it checks alignment (to `bytes`) and
 * permission, tests and clears the monitor, stores where the test passes, and gives the status, 0 for a store that was made. Of a
 * single register `bytes` bytes of `first` are stored; with PAIR each of the two gives half of them.
 */
function store<F>(form: (operands: F) => Transfer, attributes = 0): Operation<F & Single & Status> {
  return op(
    (o: F & Single & Status) => ({ shape: { size: form(o).size, sp: o.rn === 31 }, t: xOrZero(o.rt), n: xOrSp(o.rn), status: xOrSink(o.rs) }),
    (s, { shape: { size, sp }, t, n, status }) => {
      checkBase(s, sp);
      const how = s.literal(EXCLUSIVE | attributes, 64);
      s.setInt(status, s.wrap(s.helper('storeExclusive', s.int(n, 64), s.int(t, 64), s.literal(0, 64), s.literal(size, 64), how)));
    },
  );
}

function storePair(attributes = 0): Operation<Single & Second & Status> {
  return op(
    (o) => ({
      shape: { size: TRANSFERS.register(o).size, sp: o.rn === 31 },
      t: xOrZero(o.rt), t2: xOrZero(o.rt2), n: xOrSp(o.rn), status: xOrSink(o.rs),
    }),
    (s, { shape: { size, sp }, t, t2, n, status }) => {
      checkBase(s, sp);
      const how = s.literal(EXCLUSIVE | PAIR | attributes, 64);
      s.setInt(status, s.wrap(s.helper('storeExclusive', s.int(n, 64), s.int(t, 64), s.int(t2, 64), s.literal(2 * size, 64), how)));
    },
  );
}

export const exclusives: Semantics<typeof EXCLUSIVES> = {
  STXRB: store(TRANSFERS.byte),
  STXRH: store(TRANSFERS.half),
  STXR: store(TRANSFERS.register),
  STLXRB: store(TRANSFERS.byte, RELEASE),
  STLXRH: store(TRANSFERS.half, RELEASE),
  STLXR: store(TRANSFERS.register, RELEASE),
  LDXRB: load(TRANSFERS.byte),
  LDXRH: load(TRANSFERS.half),
  LDXR: load(TRANSFERS.register),
  LDAXRB: load(TRANSFERS.byte, ACQUIRE),
  LDAXRH: load(TRANSFERS.half, ACQUIRE),
  LDAXR: load(TRANSFERS.register, ACQUIRE),
  STXP: storePair(),
  STLXP: storePair(RELEASE),
  LDXP: loadPair(),
  LDAXP: loadPair(ACQUIRE),
};
