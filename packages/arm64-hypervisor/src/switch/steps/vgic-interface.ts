/**
 * The virtual CPU interface of a VM that has one, by generation: all of it with every run (2015), its list registers and active priorities
 * (2017), its list registers (since 2018, when the rest went to load and put). A GICv2's is in the host's memory map, for its kernel; a
 * GICv3's in registers of EL2.
 */
import { ICC_SRE_EL2 } from '@worldswitch/arm64-sysreg';
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import type { VirtualInterface } from '../../vgic/interface.ts';
import type { Phase, Predicate, Step, SwitchContext } from '../step.ts';

const ENABLE = ICC_SRE_EL2.mask('Enable');
/** A vCPU without a virtual interface has 0 in the slot of its control. */
const present = ({ vcpu }: SwitchContext): boolean => vcpu.state.get('vgic-hcr') !== 0n;
const version = (wanted: 2 | 3): Predicate<SwitchContext> => (c) => c.host.virtualInterface?.version === wanted && present(c);
const any: Predicate<SwitchContext> = (c) => c.host.virtualInterface !== undefined && present(c);
const hardware = ({ host }: SwitchContext): VirtualInterface => host.virtualInterface as VirtualInterface;

const flush = (c: SwitchContext): boolean => hardware(c).flush(c.code, c.vcpu.state);
const sync = (c: SwitchContext): boolean => hardware(c).sync(c.code, c.vcpu.state);

/** While it is clear a guest cannot choose the memory-mapped interface over the registers: its access traps. */
function enableOff({ code }: SwitchContext): void {
  code.write('ICC_SRE_EL2', code.read('ICC_SRE_EL2', 'host') & ~ENABLE, 'guest');
}
function enableOn({ code }: SwitchContext): void {
  code.write('ICC_SRE_EL2', code.read('ICC_SRE_EL2', 'guest') | ENABLE, 'host');
}

/** With every run, at EL2 as everything was then. `control`: VMCR too, which later is moved at load and put. */
export function vgicPerRun({ control }: { readonly control: boolean }): { readonly on: Step; readonly off: Step; readonly load: readonly Step[]; readonly put: readonly Step[] } {
  return {
    on: {
      id: 'vgic-interface-on', phase: 'activate-traps', el: 2, kind: 'vgic', when: any,
      because: 'delivery is turned on with the list registers of the guest; at EL2 none of them is taken, whatever HCR_EL2 routes',
      run: (c) => {
        if (hardware(c).version === 3) enableOff(c);
        if (control) hardware(c).loadControl(c.code, c.vcpu.state);
        if (flush(c)) hardware(c).loadActive(c.code, c.vcpu.state);
      },
    },
    off: {
      id: 'vgic-interface-off', phase: 'deactivate-traps', el: 2, kind: 'vgic', when: any,
      because: 'nothing is delivered while the host runs, and what the guest acknowledged and ended is known to the list',
      run: (c) => {
        if (sync(c)) hardware(c).putActive(c.code, c.vcpu.state);
        if (control) hardware(c).putControl(c.code, c.vcpu.state);
        if (hardware(c).version === 3) enableOn(c);
      },
    },
    load: control ? [] : [{
      id: 'vgic-load', phase: 'load', el: 2, kind: 'vgic', when: any,
      because: 'the guest\'s priority mask and enables change rarely and act only with list registers: once for any number of runs',
      run: (c) => { hardware(c).loadControl(c.code, c.vcpu.state); },
    }],
    put: control ? [] : [{
      id: 'vgic-put', phase: 'put', el: 2, kind: 'vgic', when: any,
      because: 'another vCPU\'s come next',
      run: (c) => { hardware(c).putControl(c.code, c.vcpu.state); },
    }],
  };
}

function moved(id: string, phase: Phase, kernel: boolean, modes: readonly AccessorMode[] | undefined, of: 2 | 3, run: (c: SwitchContext) => void, because: string): Step {
  return { id, phase, el: kernel ? 1 : 2, kind: 'vgic', ...(modes && { modes }), when: version(of), because, run };
}

const FLUSH = 'the list registers are filled with what is most urgent now, with interrupts masked, so that nothing else becomes so before the guest runs';
const SYNC = 'before interrupts are let in: what they add to the list comes on top of what the guest has done';
const LOAD = 'the guest\'s priority mask, enables and active priorities act only together with list registers: once for any number of runs';
const PUT = 'another vCPU\'s come next';

function load(c: SwitchContext): void {
  hardware(c).loadControl(c.code, c.vcpu.state);
  hardware(c).loadActive(c.code, c.vcpu.state);
}
function put(c: SwitchContext): void {
  hardware(c).putControl(c.code, c.vcpu.state);
  hardware(c).putActive(c.code, c.vcpu.state);
}

/** All of it with every run: mid-2015. */
export const VGIC_2015 = vgicPerRun({ control: true });

/** Since 2018. */
export const VGIC_LOAD: readonly Step[] = [
  moved('vgic-v2-load', 'load', true, undefined, 2, load, LOAD),
  moved('vgic-v3-load', 'load', false, undefined, 3, load, LOAD),
  moved('vgic-v3-traps-on', 'load', false, ['vhe'], 3, enableOff, 'acts below EL2 only, so it may stay for as long as the vCPU is loaded'),
];
export const VGIC_PUT: readonly Step[] = [
  moved('vgic-v3-traps-off', 'put', false, ['vhe'], 3, enableOn, 'the host may choose its interface again, as it could before'),
  moved('vgic-v2-put', 'put', true, undefined, 2, put, PUT),
  moved('vgic-v3-put', 'put', false, undefined, 3, put, PUT),
];
/** In the host's kernel, before the switch and after it. */
export const VGIC_FLUSH: readonly Step[] = [
  moved('vgic-v2-flush', 'save-host', true, undefined, 2, flush, FLUSH), moved('vgic-v3-flush', 'save-host', true, ['vhe'], 3, flush, FLUSH),
];
export const VGIC_SYNC: readonly Step[] = [
  moved('vgic-v2-sync', 'restore-host', true, undefined, 2, sync, SYNC), moved('vgic-v3-sync', 'restore-host', true, ['vhe'], 3, sync, SYNC),
];
/** At EL2, which a host at EL1 must call for a GICv3's registers. */
export const VGIC_ON: Step = moved('vgic-interface-on', 'activate-traps', false, ['nvhe'], 3, (c) => {
  enableOff(c);
  flush(c);
}, 'the registers are EL2\'s; nothing is delivered before the guest runs');
export const VGIC_OFF: Step = moved('vgic-interface-off', 'deactivate-traps', false, ['nvhe'], 3, (c) => {
  sync(c);
  enableOn(c);
}, 'nothing is delivered while the host runs, at EL1 as its guests');
