import type { Rows } from '@worldswitch/isa';

/**
 * Atomic memory operations, swap, compare and swap (FEAT_LSE). a and r ask for acquire and release.
 * CASP takes register pairs that begin with an even number.
 */
export const ATOMICS = {
  LDADDB: {
    pattern: '00 111000 a:1 r:1 1 rs:5 0 000 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldaddb {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldaddab {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldaddlb {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldaddalb {rs:W}, {rt:W}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'staddb {rs:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'staddlb {rs:W}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDADDB, LDADDAB, LDADDALB, LDADDLB',
  },
  LDADDH: {
    pattern: '01 111000 a:1 r:1 1 rs:5 0 000 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldaddh {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldaddah {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldaddlh {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldaddalh {rs:W}, {rt:W}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'staddh {rs:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'staddlh {rs:W}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDADDH, LDADDAH, LDADDALH, LDADDLH',
  },
  LDADD: {
    pattern: '1 sz:1 111000 a:1 r:1 1 rs:5 0 000 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldadd {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldadda {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldaddl {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldaddal {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'stadd {rs:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'staddl {rs:R(sz)}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDADD, LDADDA, LDADDAL, LDADDL',
  },
  LDCLRB: {
    pattern: '00 111000 a:1 r:1 1 rs:5 0 001 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldclrb {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldclrab {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldclrlb {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldclralb {rs:W}, {rt:W}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'stclrb {rs:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'stclrlb {rs:W}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDCLRB, LDCLRAB, LDCLRALB, LDCLRLB',
  },
  LDCLRH: {
    pattern: '01 111000 a:1 r:1 1 rs:5 0 001 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldclrh {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldclrah {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldclrlh {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldclralh {rs:W}, {rt:W}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'stclrh {rs:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'stclrlh {rs:W}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDCLRH, LDCLRAH, LDCLRALH, LDCLRLH',
  },
  LDCLR: {
    pattern: '1 sz:1 111000 a:1 r:1 1 rs:5 0 001 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldclr {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldclra {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldclrl {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldclral {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'stclr {rs:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'stclrl {rs:R(sz)}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDCLR, LDCLRA, LDCLRAL, LDCLRL',
  },
  LDEORB: {
    pattern: '00 111000 a:1 r:1 1 rs:5 0 010 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldeorb {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldeorab {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldeorlb {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldeoralb {rs:W}, {rt:W}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'steorb {rs:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'steorlb {rs:W}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDEORB, LDEORAB, LDEORALB, LDEORLB',
  },
  LDEORH: {
    pattern: '01 111000 a:1 r:1 1 rs:5 0 010 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldeorh {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldeorah {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldeorlh {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldeoralh {rs:W}, {rt:W}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'steorh {rs:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'steorlh {rs:W}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDEORH, LDEORAH, LDEORALH, LDEORLH',
  },
  LDEOR: {
    pattern: '1 sz:1 111000 a:1 r:1 1 rs:5 0 010 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldeor {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldeora {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldeorl {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldeoral {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'steor {rs:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'steorl {rs:R(sz)}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDEOR, LDEORA, LDEORAL, LDEORL',
  },
  LDSETB: {
    pattern: '00 111000 a:1 r:1 1 rs:5 0 011 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldsetb {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldsetab {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldsetlb {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldsetalb {rs:W}, {rt:W}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'stsetb {rs:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'stsetlb {rs:W}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDSETB, LDSETAB, LDSETALB, LDSETLB',
  },
  LDSETH: {
    pattern: '01 111000 a:1 r:1 1 rs:5 0 011 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldseth {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldsetah {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldsetlh {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldsetalh {rs:W}, {rt:W}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'stseth {rs:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'stsetlh {rs:W}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDSETH, LDSETAH, LDSETALH, LDSETLH',
  },
  LDSET: {
    pattern: '1 sz:1 111000 a:1 r:1 1 rs:5 0 011 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldset {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldseta {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldsetl {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldsetal {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'stset {rs:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'stsetl {rs:R(sz)}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDSET, LDSETA, LDSETAL, LDSETL',
  },
  LDSMAXB: {
    pattern: '00 111000 a:1 r:1 1 rs:5 0 100 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldsmaxb {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldsmaxab {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldsmaxlb {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldsmaxalb {rs:W}, {rt:W}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'stsmaxb {rs:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'stsmaxlb {rs:W}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDSMAXB, LDSMAXAB, LDSMAXALB, LDSMAXLB',
  },
  LDSMAXH: {
    pattern: '01 111000 a:1 r:1 1 rs:5 0 100 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldsmaxh {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldsmaxah {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldsmaxlh {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldsmaxalh {rs:W}, {rt:W}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'stsmaxh {rs:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'stsmaxlh {rs:W}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDSMAXH, LDSMAXAH, LDSMAXALH, LDSMAXLH',
  },
  LDSMAX: {
    pattern: '1 sz:1 111000 a:1 r:1 1 rs:5 0 100 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldsmax {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldsmaxa {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldsmaxl {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldsmaxal {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'stsmax {rs:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'stsmaxl {rs:R(sz)}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDSMAX, LDSMAXA, LDSMAXAL, LDSMAXL',
  },
  LDSMINB: {
    pattern: '00 111000 a:1 r:1 1 rs:5 0 101 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldsminb {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldsminab {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldsminlb {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldsminalb {rs:W}, {rt:W}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'stsminb {rs:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'stsminlb {rs:W}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDSMINB, LDSMINAB, LDSMINALB, LDSMINLB',
  },
  LDSMINH: {
    pattern: '01 111000 a:1 r:1 1 rs:5 0 101 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldsminh {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldsminah {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldsminlh {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldsminalh {rs:W}, {rt:W}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'stsminh {rs:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'stsminlh {rs:W}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDSMINH, LDSMINAH, LDSMINALH, LDSMINLH',
  },
  LDSMIN: {
    pattern: '1 sz:1 111000 a:1 r:1 1 rs:5 0 101 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldsmin {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldsmina {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldsminl {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldsminal {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'stsmin {rs:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'stsminl {rs:R(sz)}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDSMIN, LDSMINA, LDSMINAL, LDSMINL',
  },
  LDUMAXB: {
    pattern: '00 111000 a:1 r:1 1 rs:5 0 110 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldumaxb {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldumaxab {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldumaxlb {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldumaxalb {rs:W}, {rt:W}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'stumaxb {rs:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'stumaxlb {rs:W}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDUMAXB, LDUMAXAB, LDUMAXALB, LDUMAXLB',
  },
  LDUMAXH: {
    pattern: '01 111000 a:1 r:1 1 rs:5 0 110 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldumaxh {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldumaxah {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldumaxlh {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldumaxalh {rs:W}, {rt:W}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'stumaxh {rs:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'stumaxlh {rs:W}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDUMAXH, LDUMAXAH, LDUMAXALH, LDUMAXLH',
  },
  LDUMAX: {
    pattern: '1 sz:1 111000 a:1 r:1 1 rs:5 0 110 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldumax {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldumaxa {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'ldumaxl {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'ldumaxal {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'stumax {rs:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'stumaxl {rs:R(sz)}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDUMAX, LDUMAXA, LDUMAXAL, LDUMAXL',
  },
  LDUMINB: {
    pattern: '00 111000 a:1 r:1 1 rs:5 0 111 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'lduminb {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'lduminab {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'lduminlb {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'lduminalb {rs:W}, {rt:W}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'stuminb {rs:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'stuminlb {rs:W}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDUMINB, LDUMINAB, LDUMINALB, LDUMINLB',
  },
  LDUMINH: {
    pattern: '01 111000 a:1 r:1 1 rs:5 0 111 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'lduminh {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'lduminah {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'lduminlh {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'lduminalh {rs:W}, {rt:W}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'stuminh {rs:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'stuminlh {rs:W}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDUMINH, LDUMINAH, LDUMINALH, LDUMINLH',
  },
  LDUMIN: {
    pattern: '1 sz:1 111000 a:1 r:1 1 rs:5 0 111 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'ldumin {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'ldumina {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'lduminl {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'lduminal {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
    ],
    aliases: [
      { when: { a: 0, r: 0, rt: 31 }, text: 'stumin {rs:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1, rt: 31 }, text: 'stuminl {rs:R(sz)}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 LDUMIN, LDUMINA, LDUMINAL, LDUMINL',
  },
  SWPB: {
    pattern: '00 111000 a:1 r:1 1 rs:5 1 000 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'swpb {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'swpab {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'swplb {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'swpalb {rs:W}, {rt:W}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 SWPB, SWPAB, SWPALB, SWPLB',
  },
  SWPH: {
    pattern: '01 111000 a:1 r:1 1 rs:5 1 000 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'swph {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'swpah {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'swplh {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'swpalh {rs:W}, {rt:W}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 SWPH, SWPAH, SWPALH, SWPLH',
  },
  SWP: {
    pattern: '1 sz:1 111000 a:1 r:1 1 rs:5 1 000 00 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'swp {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'swpa {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'swpl {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'swpal {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 SWP, SWPA, SWPAL, SWPL',
  },
  CASB: {
    pattern: '00 001000 1 a:1 1 rs:5 r:1 11111 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'casb {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'casab {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'caslb {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'casalb {rs:W}, {rt:W}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 CASB, CASAB, CASALB, CASLB',
  },
  CASH: {
    pattern: '01 001000 1 a:1 1 rs:5 r:1 11111 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'cash {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'casah {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'caslh {rs:W}, {rt:W}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'casalh {rs:W}, {rt:W}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 CASH, CASAH, CASALH, CASLH',
  },
  CAS: {
    pattern: '1 sz:1 001000 1 a:1 1 rs:5 r:1 11111 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'cas {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'casa {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'casl {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'casal {rs:R(sz)}, {rt:R(sz)}, [{rn:Xsp}]' },
    ],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 CAS, CASA, CASAL, CASL',
  },
  CASP: {
    pattern: '0 sz:1 001000 0 a:1 1 rs:5 r:1 11111 rn:5 rt:5',
    asm: [
      { when: { a: 0, r: 0 }, text: 'casp {rs:pair(sz)}, {rt:pair(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 0 }, text: 'caspa {rs:pair(sz)}, {rt:pair(sz)}, [{rn:Xsp}]' },
      { when: { a: 0, r: 1 }, text: 'caspl {rs:pair(sz)}, {rt:pair(sz)}, [{rn:Xsp}]' },
      { when: { a: 1, r: 1 }, text: 'caspal {rs:pair(sz)}, {rt:pair(sz)}, [{rn:Xsp}]' },
    ],
    unless: [{ rs: '----1' }, { rt: '----1' }],
    feature: 'FEAT_LSE', status: 'modelled', source: 'DDI 0487 C6.2 CASP, CASPA, CASPAL, CASPL',
  },
} as const satisfies Rows;
