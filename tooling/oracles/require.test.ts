import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fetchInput, inputs } from './fetch-inputs.ts';
import { haveTools, onPath } from './require.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('haveTools', () => {
  it('finds programs and names the missing ones with the way to get them', () => {
    vi.stubEnv('CI', '');
    const lines: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
    expect(haveTools('sh')).toBe(true);
    expect(lines).toEqual([]);
    expect(haveTools('sh', 'no-such-oracle')).toBe(false);
    expect(lines.join('')).toContain('no-such-oracle not on the PATH; install with `pnpm oracles`');
  });

  it('fails on a build server instead of skipping', () => {
    vi.stubEnv('CI', 'true');
    expect(haveTools('sh')).toBe(true);
    expect(() => haveTools('no-such-oracle')).toThrow('CI=true but oracle skipped: no-such-oracle');
  });

  it('takes only executable files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'worldswitch-path-'));
    try {
      const file = join(folder, 'tool');
      writeFileSync(file, '#!/bin/sh\n');
      chmodSync(file, 0o644);
      const path = `${delimiter}/nowhere${delimiter}${folder}`;
      expect(process.getuid?.() === 0 || !onPath('tool', path)).toBe(true);
      chmodSync(file, 0o755);
      expect(onPath('tool', path)).toBe(true);
      expect(onPath('other', path)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('inputs.lock', () => {
  it('has a sum and a version for each input', () => {
    for (const { name, sha256, version } of inputs) {
      expect(sha256, name).toMatch(/^[0-9a-f]{64}$/);
      expect(version, name).not.toBe('');
    }
  });

  it('refuses a name it does not have', () => {
    expect(() => fetchInput('windows.iso')).toThrow('no input windows.iso in inputs.lock: there are u-boot-arm64.bin');
  });
});
