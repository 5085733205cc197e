/**
 * Differential tests: random register traffic, sent to QEMU's `virt` board over its qtest port (no processor runs) and to the same board made of
 * this package's devices; every read must agree. Interrupt lines are compared through the distributor's pending registers.
 * Needs qemu-system-aarch64; without it the suite is skipped, in CI that is a failure.
 */
import { spawn, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ReferenceMemory, VirtualClock, type Width } from '@worldswitch/machine';
import { Random } from '@worldswitch/machine/testing';
import { CfiFlash, FW_CFG_KEY, FwCfg, fwCfgNumber, GicV2, GicV2m, GicV3, OpenBus, PcieEcam, Pl011, Pl031, Pl061, VirtioMmioSlot } from './index.ts';

const QEMU = 'qemu-system-aarch64';
const available = spawnSync(QEMU, ['--version']).status === 0;
if (!available) {
  if (process.env['CI'] === 'true') throw new Error(`${QEMU} is not installed; the device oracle cannot run. Install the package qemu-system-arm.`);
  process.stderr.write('\x1b[31mdevices against QEMU: skipped (no qemu-system-aarch64)\x1b[0m\n');
}

type Op = { readonly address: bigint; readonly width: Width; readonly value?: bigint };

const EPOCH = 1_767_225_600; // 2026-01-01, given to QEMU as -rtc base

const GICD = 0x0800_0000n, GICC = 0x0801_0000n, V2M = 0x0802_0000n, GICH = 0x0803_0000n, GICV = 0x0804_0000n;
const UART = 0x0900_0000n, RTC = 0x0901_0000n, FWCFG = 0x0902_0000n, GPIO = 0x0903_0000n, VIRTIO = 0x0a00_0000n, PCI_WINDOW = 0x1000_0000n, ECAM = 0x40_1000_0000n;
const GICR = 0x080a_0000n, SGI_FRAME = GICR + 0x1_0000n;
const FLASH1 = 0x0400_0000n, RAM = 0x4000_0000n;

const read = (address: bigint, width: Width = 4): Op => ({ address, width });
const write = (address: bigint, value: bigint | number, width: Width = 4): Op => ({ address, width, value: BigInt(value) });

function board(): ReferenceMemory {
  const memory = new ReferenceMemory();
  const nowhere = { set: () => {} };
  const gic = new GicV2({ cpus: [{ irq: nowhere, fiq: nowhere, virq: nowhere, vfiq: nowhere }] });
  const clock = new VirtualClock(62_500_000);
  memory.romDevice(FLASH1, 0x400_0000, new CfiFlash());
  memory.device(GICD, 0x1000, gic.distributor);
  memory.device(GICC, 0x2000, gic.cpuInterface);
  memory.device(V2M, 0x1000, new GicV2m({ first: 80, count: 64, spi: (intid) => gic.spi(intid) }));
  memory.device(GICH, 0x1000, gic.virtualControl);
  memory.device(GICV, 0x2000, gic.virtualCpuInterface);
  memory.device(UART, 0x1000, new Pl011({ irq: gic.spi(33), onTransmit: () => {} }));
  memory.device(RTC, 0x1000, new Pl031({ irq: gic.spi(34), clock, epoch: EPOCH }));
  const dma = { read: (a: bigint, n: number) => memory.readBytes(a, n), write: (a: bigint, b: Uint8Array) => memory.writeBytes(a, b) };
  memory.device(FWCFG, 0x18, new FwCfg({ dma, items: new Map([[FW_CFG_KEY.NB_CPUS, fwCfgNumber(1, 2)], [FW_CFG_KEY.NOGRAPHIC, fwCfgNumber(0, 2)]]) }));
  memory.device(GPIO, 0x1000, new Pl061({ irq: gic.spi(39) }));
  for (let slot = 0n; slot < 32n; slot++) memory.device(VIRTIO + slot * 0x200n, 0x200, new VirtioMmioSlot());
  memory.device(PCI_WINDOW, 0x2eff_0000, new OpenBus());
  memory.device(ECAM, 0x1000_0000, new PcieEcam());
  memory.ram(RAM, 0x10_0000);
  return memory;
}

/** What differs with a GICv3; one processor for each affinity. */
function boardV3(affinities: readonly bigint[]): ReferenceMemory {
  const memory = new ReferenceMemory();
  const gic = new GicV3({ affinities });
  memory.device(GICD, 0x1_0000, gic.distributor);
  memory.device(GICR, 0x2_0000 * affinities.length, gic.redistributors);
  memory.device(UART, 0x1000, new Pl011({ irq: gic.spi(33), onTransmit: () => {} }));
  return memory;
}

const LETTER: Record<Width, string> = { 1: 'b', 2: 'w', 4: 'l', 8: 'q' };

/** Answers of QEMU's reads, in order. */
function qemu(ops: readonly Op[], machine: readonly string[] = ['-M', 'virt,virtualization=on,gic-version=2']): Promise<bigint[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(QEMU, [...machine, '-m', '256', '-S', '-qtest', 'stdio', '-display', 'none', '-nic', 'none', '-serial', 'null', '-monitor', 'none',
      // The log goes to stderr by default, where nobody reads it and a full pipe would stop QEMU.
      '-rtc', 'base=2026-01-01,clock=vm', '-qtest-log', '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
    const answers: string[] = [];
    let text = '';
    child.stdout.on('data', (data: Buffer) => {
      const lines = (text + data.toString()).split('\n');
      text = lines.pop() ?? '';
      answers.push(...lines.filter((line) => line !== '' && !line.startsWith('[') && !line.startsWith('IRQ')));
      if (answers.length < ops.length) return;
      child.kill();
      const failed = answers.find((line) => !line.startsWith('OK'));
      if (failed !== undefined) reject(new Error(failed));
      else resolve(answers.flatMap((line, i) => (ops[i].value === undefined ? [BigInt(line.slice(3))] : [])));
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => reject(new Error(`QEMU ended (${String(code ?? signal)}) after ${answers.length} of ${ops.length} answers`)));
    child.stdin.on('error', () => {});
    child.stdin.write(ops.map(({ address, width, value }) => `${value === undefined ? 'read' : 'write'}${LETTER[width]} 0x${address.toString(16)}${value === undefined ? '' : ` 0x${value.toString(16)}`}\n`).join(''));
  });
}

function ours(ops: readonly Op[], memory: ReferenceMemory): bigint[] {
  return ops.flatMap(({ address, width, value }) => {
    if (value === undefined) return [memory.read(address, width, 0) ?? -1n];
    memory.write(address, width, value, 0);
    return [];
  });
}

const show = ({ address, width, value }: Op): string => `${value === undefined ? 'read' : 'write'}${8 * width} 0x${address.toString(16)}${value === undefined ? '' : ` = 0x${value.toString(16)}`}`;

/** `affinities`: the board with a GICv3. */
async function compare(ops: readonly Op[], affinities?: readonly bigint[]): Promise<void> {
  const expected = await (affinities === undefined ? qemu(ops) : qemu(ops, ['-M', 'virt,virtualization=on,gic-version=3', '-smp', String(affinities.length), '-cpu', 'cortex-a57']));
  const actual = ours(ops, affinities === undefined ? board() : boardV3(affinities));
  const reads = ops.map((op, index) => ({ op, index })).filter(({ op }) => op.value === undefined);
  const differences = reads.flatMap(({ op, index }, i) => (expected[i] === actual[i] ? [] : [
    `${show(op)}: QEMU 0x${expected[i].toString(16)}, here 0x${actual[i].toString(16)}; before it ${ops.slice(Math.max(0, index - 12), index).map(show).join(', ')}`,
  ]));
  expect(differences.slice(0, 3), `${differences.length} of ${reads.length} reads differ`).toEqual([]);
}

const random = (count: number, seed: number, make: (random: Random) => Op[]): Op[] => {
  const generator = new Random(seed);
  return Array.from({ length: count }, () => make(generator)).flat();
};

const PENDING = [0x200, 0x204, 0x208].map((offset) => read(GICD + BigInt(offset)));

describe.skipIf(!available)('devices against QEMU', () => {
  it('PL011', async () => {
    const offsets = [0, 4, 0x18, 0x20, 0x24, 0x28, 0x2c, 0x30, 0x34, 0x38, 0x3c, 0x40, 0x48, 0xfe0, 0xfe4, 0xfe8, 0xfec, 0xff0, 0xff4, 0xff8, 0xffc];
    const masks: Record<number, bigint> = { 0x24: 0xffffn, 0x28: 0x3fn };
    const writable = [0, 4, 0x20, 0x24, 0x28, 0x2c, 0x30, 0x34, 0x38, 0x44, 0x38, 0, 0x44];
    await compare([...offsets.map((o) => read(UART + BigInt(o))), ...random(400, 1, (r) => {
      const at = r.pick(writable);
      return [write(UART + BigInt(at), r.value(4) & (masks[at] ?? 0xffff_ffffn)), read(UART + BigInt(r.pick(offsets))), read(UART + 0x3cn), read(UART + 0x40n), PENDING[1]];
    })]);
  });

  it('PL031, with the clock standing still', async () => {
    const offsets = [0, 4, 8, 0xc, 0x10, 0x14, 0x18, 0xfe0, 0xfe4, 0xfe8, 0xfec, 0xff0, 0xff4, 0xff8, 0xffc];
    await compare([...offsets.map((o) => read(RTC + BigInt(o))), ...random(200, 2, (r) => [
      write(RTC + BigInt(r.pick([4, 8, 0xc, 0x10])), r.below(3) === 0 ? 5n : r.value(4)),
      ...(r.below(3) === 0 ? [write(RTC + 0x1cn, 1n)] : []), read(RTC + BigInt(r.pick(offsets))), read(RTC + 0x14n), PENDING[1],
    ])]);
  });

  it('PL061', async () => {
    const offsets = [0x3fc, 0x400, 0x404, 0x408, 0x40c, 0x410, 0x414, 0x418, 0x420, ...Array.from({ length: 12 }, (_, i) => 0xfd0 + 4 * i)];
    await compare([...offsets.map((o) => read(GPIO + BigInt(o))), ...random(400, 3, (r) => [
      write(GPIO + BigInt(r.below(3) === 0 ? 4 * r.below(256) : r.pick([0x3fc, 0x400, 0x404, 0x408, 0x40c, 0x410, 0x41c, 0x420])), r.value(4)),
      read(GPIO + BigInt(r.below(3) === 0 ? 4 * r.below(256) : r.pick(offsets))), read(GPIO + 0x414n), read(GPIO + 0x418n), PENDING[1],
    ])]);
  });

  it('CFI flash: the state machine under random commands', async () => {
    const commands = [0xff, 0xf0, 0x00, 0x98, 0x90, 0x70, 0x50, 0x20, 0x10, 0x40, 0x60, 0xe8, 0xd0, 0x01, 0x33];
    for (let seed = 1; seed <= 4; seed++) {
      await compare(random(500, seed, (r) => {
        const at = FLASH1 + BigInt(r.pick([0, 0x40000, 0x155 * 4, 0x200]) + 4 * r.below(0x54));
        const width = r.pick<Width>([1, 2, 4, 4]);
        const value = r.below(6) === 0 ? BigInt(r.below(5)) : BigInt(r.pick(commands));
        const lanes = width === 4 && r.below(2) === 0 ? value * 0x10001n : value;
        return [write(at, lanes, width), read(FLASH1 + BigInt(4 * r.below(0x58)), r.pick<Width>([1, 2, 4])), read(at, 4)];
      }));
    }
  });

  it('CFI flash: the probe that U-Boot makes, program, buffered program, erase', async () => {
    const probe = [1, 2, 4].flatMap((step) => [write(FLASH1, 0xf0, 2), write(FLASH1, 0xff, 2), write(FLASH1 + BigInt(0x55 * step), 0x98, 2), read(FLASH1 + BigInt(0x10 * step), 2)]);
    const table = Array.from({ length: 0x60 }, (_, i) => read(FLASH1 + BigInt(4 * i), ([1, 2, 4] as const)[i % 3]));
    const words = [0n, 4n, 8n, 12n, 0x3fffcn, 0x40000n, 0x40004n].map((at) => read(FLASH1 + at));
    await compare([
      ...probe, ...table, write(FLASH1, 0x90, 2), ...words, write(FLASH1, 0xff, 2), write(FLASH1, 0x90, 2), ...words, write(FLASH1, 0xff, 2), ...words,
      write(FLASH1 + 4n, 0x400040), write(FLASH1 + 4n, 0x12345678), read(FLASH1), write(FLASH1, 0xff00ff), ...words,
      write(FLASH1, 0x50), write(FLASH1, 0x70), ...words, write(FLASH1 + 0x40000n, 0x20), ...words, write(FLASH1, 0xd0), ...words, write(FLASH1, 0xff), ...words,
      write(FLASH1 + 8n, 0xe800e8), ...words, write(FLASH1 + 8n, 0x00010001), write(FLASH1 + 8n, 0xaabbccdd), write(FLASH1 + 12n, 0x11223344), ...words, write(FLASH1, 0xd000d0), ...words,
      write(FLASH1, 0xff), ...words,
    ]);
  });

  it('PCIe root, empty bus, bus windows, virtio slots, GICv2m', async () => {
    const width = (r: Random): Width => r.pick<Width>([1, 2, 4]);
    await compare([
      ...Array.from({ length: 80 }, (_, i) => read(ECAM + BigInt(4 * i))),
      ...random(300, 4, (r) => { const w = width(r); return [write(ECAM + BigInt(w * r.below(256 / w)), r.value(w), w), read(ECAM + BigInt(r.below(260)), width(r))]; }),
      ...random(60, 5, (r) => [read(ECAM + BigInt(r.below(0x1000_0000 / 4) * 4)), read(ECAM + (BigInt(1 + r.below(31)) << 15n), 2), read(PCI_WINDOW + BigInt(4 * r.below(0x1000)), width(r))]),
      ...random(80, 6, (r) => [read(VIRTIO + BigInt(0x200 * r.below(32) + 4 * r.below(0x80)))]), ...[0, 4, 8, 12].flatMap((o) => [read(VIRTIO + BigInt(o)), read(VIRTIO + BigInt(o), 1), write(VIRTIO + BigInt(o), 7)]),
      read(V2M + 8n), read(V2M + 0xfccn), read(V2M + 0x40n), read(V2M),
      write(GICD + 0xc14n, 0xffff_ffffn), write(GICD + 0xc18n, 0xffff_ffffn), write(V2M + 0x40n, 80), write(V2M + 0x40n, 95), write(V2M + 0x40n, 300), ...PENDING,
    ]);
  });

  it('fw_cfg: port and DMA', async () => {
    const select = (key: number): Op => write(FWCFG + 8n, ((key & 0xff) << 8) | (key >> 8), 2);
    const descriptor = (control: number, length: number, address: bigint): Op[] => {
      const swap = (v: bigint): bigint => BigInt(`0x${v.toString(16).padStart(8, '0').match(/../g)?.reverse().join('') ?? '0'}`);
      return [write(RAM, swap(BigInt(control))), write(RAM + 4n, swap(BigInt(length))), write(RAM + 8n, swap(address >> 32n)), write(RAM + 12n, swap(address & 0xffff_ffffn))];
    };
    const kick = [write(FWCFG + 16n, 0), write(FWCFG + 20n, 0x40)]; // 0x4000_0000, big-endian halves
    const look = [read(RAM), read(RAM + 0x100n), read(RAM + 0x104n), read(RAM + 0x108n)];
    await compare([
      read(FWCFG + 16n, 8), read(FWCFG + 16n), read(FWCFG + 20n), select(0), read(FWCFG), read(FWCFG), select(0), read(FWCFG, 1), read(FWCFG, 2), read(FWCFG, 8), read(FWCFG, 1),
      select(1), read(FWCFG), select(5), read(FWCFG, 2), select(4), read(FWCFG, 2), select(0x3fff), read(FWCFG), select(0x4000), read(FWCFG),
      ...[[(0 << 16) | 8 | 2, 4], [8 | 4, 2], [2, 8], [(5 << 16) | 8 | 2, 6], [(0x3fff * 65536) | 8 | 2, 4], [(1 << 16) | 8 | 16, 4], [2, 4], [0, 4], [8, 0]].flatMap(([control, length]) => [
        write(RAM + 0x100n, 0xdeadbeefn), write(RAM + 0x104n, 0xdeadbeefn), write(RAM + 0x108n, 0xdeadbeefn), ...descriptor(control >>> 0, length, RAM + 0x100n), ...kick, ...look, read(FWCFG, 1),
      ]),
    ]);
  });

  const distributor = [0, 4, 8, 0x80, 0x84, 0x100, 0x104, 0x108, 0x180, 0x184, 0x200, 0x204, 0x208, 0x280, 0x284, 0x300, 0x304, 0x380, 0x384, 0x400, 0x410, 0x420, 0x424, 0x800, 0x820, 0xc00, 0xc04, 0xc08, 0xc0c, 0xfe8, 0xff0];
  const look = [GICC + 0x14n, GICC + 0x18n, GICD + 0x200n, GICD + 0x204n, GICD + 0x300n, GICD + 0x304n, GICC + 0xd0n, GICC + 0xd4n, GICC + 0xd8n, GICC + 0xdcn].map((a) => read(a));

  it('GICv2 distributor registers', async () => {
    await compare([...distributor.map((o) => read(GICD + BigInt(o))), ...random(500, 7, (r) => {
      const at = GICD + BigInt(r.pick(distributor));
      const byte = r.below(3) === 0 ? BigInt(0x400 + r.below(64)) : undefined;
      return [byte === undefined ? write(at, r.value(4)) : write(GICD + byte, r.value(1), 1), read(GICD + BigInt(r.pick(distributor))), read(GICD + BigInt(0x400 + r.below(64)), 1), ...PENDING];
    })]);
  });

  /** Acknowledge and complete in the order the architecture asks for, whatever is pending. */
  it.each([['one group', false], ['two groups, FIQ, AckCtl', true]])('GICv2 life of interrupts: %s', async (_name, groups) => {
    for (let seed = 1; seed <= 4; seed++) {
      const model = board();
      const ops: Op[] = [];
      const emit = (op: Op): bigint => {
        ops.push(op);
        if (op.value === undefined) return model.read(op.address, op.width, 0) ?? 0n;
        model.write(op.address, op.width, op.value, 0);
        return 0n;
      };
      const r = new Random(100 + seed);
      const stack: bigint[] = [], split: bigint[] = [];
      let mode = 0n;
      for (const o of [0x100, 0x104, 0x108]) emit(write(GICD + BigInt(o), 0xffff_ffffn));
      for (let i = 0; i < 24; i++) emit(write(GICD + BigInt(0x400 + 4 * i), r.value(4) & 0xf8f8_f8f8n));
      if (groups) for (const o of [0x80, 0x84, 0x88]) emit(write(GICD + BigInt(o), r.value(4)));
      emit(write(GICD, groups ? 3 : 1));
      const setCtlr = (): bigint => emit(write(GICC, mode | (groups ? 3n | 4n : 1n)));
      setCtlr();
      emit(write(GICC + 4n, 0xf0));
      for (let i = 0; i < 250; i++) {
        switch (r.below(8)) {
          case 0: emit(write(GICD + BigInt(0x200 + 4 * r.below(3)), 1n << BigInt(r.below(32)))); break;
          case 1: emit(write(GICD + BigInt(0x280 + 4 * r.below(3)), 1n << BigInt(r.below(32)))); break;
          case 2: emit(write(GICD + 0xf00n, (2 << 24) | r.below(16))); break;
          case 3: case 4: case 5: {
            const id = emit(read(GICC + 0xcn));
            if (id < 1020n) stack.push(id);
            break;
          }
          case 6: {
            const id = stack.pop();
            if (id === undefined) break;
            emit(write(GICC + 0x10n, id));
            if (mode !== 0n) split.push(id);
            break;
          }
          default:
            if (split.length > 0) emit(write(GICC + 0x1000n, split.splice(r.below(split.length), 1)[0]));
            else if (stack.length === 0) { mode = r.below(2) === 0 ? 0x200n : 0n; setCtlr(); emit(write(GICC + 8n, r.below(8))); emit(write(GICC + 4n, r.pick([0xff, 0xf0, 0xa0]))); emit(read(GICC + 8n)); }
        }
        for (const op of look) emit(op);
      }
      await compare(ops);
    }
  });

  it('GICv2 level line, virtual interface, hardware-mapped list register', async () => {
    const lr = (n: number): bigint => GICH + 0x100n + BigInt(4 * n);
    const state = [GICH, GICH + 8n, GICH + 0x10n, GICH + 0x20n, GICH + 0x30n, GICH + 0xf0n, lr(0), lr(1), lr(2), lr(3), GICV, GICV + 4n, GICV + 8n, GICV + 0x14n, GICV + 0x18n, GICV + 0x1cn, GICD + 0x200n, GICD + 0x300n].map((a) => read(a));
    await compare([
      ...state, read(GICH + 4n), read(GICV + 0xfcn), write(GICH + 8n, 0xf0000001n), ...state, write(GICV + 4n, 0xff), ...state, write(GICH, 1),
      write(lr(0), 0x1a080028n), write(lr(1), 0x9800781bn), ...state, read(GICV + 0xcn), ...state, read(GICV + 0xcn), write(GICD + 0x300n, 1 << 30), ...state,
      write(GICV + 0x10n, 27), ...state, read(GICV + 0xcn), ...state, write(GICV + 0x10n, 40), ...state, write(GICH, 0), ...state,
      write(GICH, 0xff), ...state, write(GICV, 0x201), write(lr(0), 0x10000030n), ...state, read(GICV + 0xcn), write(GICV + 0x10n, 0x30), ...state, write(GICV + 0x1000n, 0x30), ...state, write(GICV + 0x1000n, 99), ...state,
      write(UART + 0x38n, 0x20), write(UART, 65), ...PENDING, write(UART + 0x44n, 0x20), ...PENDING,
    ]);
  });

  it('GICH under random values', async () => {
    const readable = [0, 4, 8, 0x10, 0x20, 0x30, 0xf0, 0x100, 0x104, 0x108, 0x10c];
    await compare(random(300, 11, (r) => [
      write(GICH + BigInt(r.pick([0, 8, 0x100, 0x104, 0x108, 0x10c])), r.value(4)), ...readable.map((o) => read(GICH + BigInt(o))), read(GICV), read(GICV + 4n), read(GICV + 8n), read(GICV + 0x1cn), read(GICD + 0x200n),
    ]));
  });

  describe('GICv3', () => {
    /** All that is built; left out: LPIs (GICD_TYPER.LPIS, GICR_TYPER.PLPIS, GICR_CTLR, PROPBASER), and the bits of GICD_IROUTER that are reserved, which QEMU keeps. */
    const shared = [0, 8, 0x10, 0x80, 0x84, 0x88, 0x100, 0x104, 0x180, 0x184, 0x200, 0x204, 0x280, 0x284, 0x300, 0x304, 0x380, 0x384, 0x400, 0x420, 0x424, 0x520, 0x800, 0x820, 0xc00, 0xc04, 0xc08, 0xc0c,
      0xd00, 0xd04, 0xe00, 0xe08, 0xf00, 0xf10, 0x6000, 0xffd0, 0xffe0, 0xffe4, 0xffe8, 0xfff0, 0xfffc].map((o) => GICD + BigInt(o));
    const own = [0x80, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380, 0x400, 0x410, 0x41c, 0x420, 0x84, 0x104, 0x204, 0xc00, 0xc04, 0xc08, 0xd00, 0xe00, 0xffe8].map((o) => SGI_FRAME + BigInt(o));
    const base = [4, 0xc, 0x10, 0x14, 0xffd0, 0xffe0, 0xffe8, 0xfff0].map((o) => GICR + BigInt(o));

    it('registers of two processors under random accesses of every width', async () => {
      const places = [...shared, ...own, ...base].flatMap((address) => (address >= GICR ? [address, address + 0x2_0000n] : [address]));
      await compare([...places.map((address) => read(address)), ...random(900, 21, (r) => {
        const at = r.pick(places);
        // A misaligned doubleword is an alignment fault before it gets here.
        const width = r.pick<Width>(at % 8n === 0n ? [4, 4, 4, 1, 2, 8] : [4, 4, 4, 1, 2]);
        const inside = width === 1 ? BigInt(r.below(4)) : 0n;
        return [write(at + inside, r.value(width), width), read(at, 4), read(r.pick(places), r.pick<Width>([4, 4, 2])), read(r.pick(places) + BigInt(r.below(4)), 1)];
      })], [0n, 1n]);
    });

    it('routes, and who they are', async () => {
      const routes = [32, 33, 100, 287, 288, 31].map((intid) => GICD + 0x6000n + BigInt(8 * intid));
      await compare([
        ...[0n, 1n].map((n) => read(GICR + 0x2_0000n * n + 0xcn)), ...random(100, 22, (r) => {
          const at = r.pick(routes);
          return [r.below(2) === 0 ? write(at, r.value(8) & 0xff_00ff_ffffn, 8) : r.below(2) === 0 ? write(at, r.value(4) & 0xff_ffffn) : write(at + 4n, r.value(1)), ...routes.flatMap((a) => [read(a, 8), read(a), read(a + 4n)])];
        }),
      ], [0n, 1n]);
    });

    it('a level line and an edge of the UART', async () => {
      const look = [0x204, 0x284, 0x304].map((o) => read(GICD + BigInt(o)));
      for (const edge of [0n, 8n]) {
        await compare([
          write(GICD + 0xc08n, edge), write(UART + 0x38n, 0x20), write(UART, 65), ...look, write(GICD + 0x284n, 2), ...look, write(UART + 0x44n, 0x20), ...look, write(UART, 66), ...look,
          write(UART + 0x44n, 0x20), ...look, write(GICD + 0x204n, 2), ...look, write(GICD + 0x284n, 2), ...look,
        ], [0n]);
      }
    });
  });
});
