/** Out of the guest: who ran, what happened, and for traps where. */
import { EC, ISS, decodeSyndrome } from '@worldswitch/arm64-sysreg';
import { walkAgain } from '../entry.ts';
import type { Step } from '../../step.ts';

export const trapVector: Step = {
  id: 'trap-vector', phase: 'exit', el: 2, kind: 'vector',
  because: 'a call is the host\'s while VTTBR_EL2 is 0, else the guest\'s; anything else that is synchronous is a trap. TPIDR_EL2 says whose',
  run: ({ code, scratch }) => {
    if (scratch.exit?.code === 'sync') {
      const esr = code.read('ESR_EL2');
      if (decodeSyndrome(esr).ec === EC.HVC64) code.read('VTTBR_EL2');
      scratch.exit = { code: 'sync', esr };
    }
    scratch.handle = code.read('TPIDR_EL2');
  },
};

const ABORTS: readonly number[] = [EC.IABT_LOW, EC.DABT_LOW];
const PERMISSION_FAULT = 0b0011;

export const trapFaultInfo: Step = {
  id: 'trap-fault-info', phase: 'fixup', el: 2, kind: 'fault', after: ['trap-vector'], when: ({ scratch }) => scratch.exit?.code === 'sync',
  because: 'three registers for every trap, whatever its class: the next exception to EL2 overwrites them. After a permission fault HPFAR_EL2 is not valid, so the address is translated again, '
    + 'in the guest\'s regime, which is still in force',
  run: (c) => {
    const { code, vcpu, scratch } = c;
    const esr = scratch.exit?.esr ?? 0n;
    const { ec, iss } = decodeSyndrome(esr);
    const { S1PTW, DFSC } = ISS.dabt.decode(BigInt(iss));
    const again = ABORTS.includes(ec) && DFSC >> 2 === PERMISSION_FAULT && S1PTW === 0;
    const valid = again ? undefined : code.read('HPFAR_EL2');
    const far = code.read(code.hyp.FAR);
    const hpfar = again ? walkAgain(c, far) : valid;
    if (hpfar === undefined) {
      // No translation any more: the guest has changed its tables meanwhile, and faults again on what it has now. Its registers are still in place.
      scratch.handled = 'vector';
      code.depart('eret');
      return;
    }
    code.store(vcpu.state, 'fault-esr', esr);
    code.store(vcpu.state, 'fault-far', far);
    code.store(vcpu.state, 'fault-hpfar', hpfar);
  },
};
