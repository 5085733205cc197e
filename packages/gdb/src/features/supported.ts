import { splitOnce } from '../codec/text.ts';

/** What one side says about a feature: has it, has it not, has it perhaps (asks), or a value (`PacketSize=4000`). */
export type FeatureState = boolean | 'maybe' | { readonly value: string };

/** The features of one side, by name. An unknown name is simply ignored by the other side. */
export type FeatureSet = ReadonlyMap<string, FeatureState>;

/** `multiprocess+;xmlRegisters=i386`, without the packet's own name. */
export function encodeFeatures(features: FeatureSet): string {
  return [...features].map(([name, state]) => name + suffix(state)).join(';');
}

/** The inverse of {@link encodeFeatures}: the reply to qSupported, or what follows `qSupported:`. Items without a state are skipped. */
export function parseFeatures(text: string): FeatureSet {
  const features = new Map<string, FeatureState>();
  for (const item of text.split(';')) {
    const [name, value] = splitOnce(item, '=');
    if (value !== undefined) features.set(name, { value });
    else if (/[+?-]$/.test(item)) features.set(item.slice(0, -1), item.endsWith('+') ? true : item.endsWith('-') ? false : 'maybe');
  }
  return features;
}

/** `qSupported` with the client's features. */
export function encodeSupportedRequest(features: FeatureSet): string {
  return features.size === 0 ? 'qSupported' : `qSupported:${encodeFeatures(features)}`;
}

/** The client's features out of a `qSupported` packet; undefined for another packet. */
export function parseSupportedRequest(text: string): FeatureSet | undefined {
  const [name, rest] = splitOnce(text, ':');
  return name === 'qSupported' ? parseFeatures(rest ?? '') : undefined;
}

/** The longest packet the server takes, framing included, in bytes; undefined when it does not say. */
export function packetSize(features: FeatureSet): number | undefined {
  const state = features.get('PacketSize');
  if (typeof state !== 'object' || !/^[0-9a-fA-F]{1,8}$/.test(state.value)) return undefined;
  return parseInt(state.value, 16);
}

function suffix(state: FeatureState): string {
  if (typeof state === 'object') return `=${state.value}`;
  return state === 'maybe' ? '?' : state ? '+' : '-';
}
