import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runVisibly, type Tally } from './steps.ts';

/** The part of Vitest's JSON report that is counted. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

/**
 * Runs the named Vitest projects and counts their tests.
 * A file that fails to load holds no test and counts as one failure; so does a run that
 * fails without a failed test (an unhandled rejection) and one in which nothing ran.
 */
export function runVitest(projects: readonly string[]): Tally {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-vitest-'));
  const reportFile = join(directory, 'report.json');
  try {
    const succeeded = runVisibly('vitest', [
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportFile}`,
      ...projects.map((project) => `--project=${project}`),
    ]);
    return count(succeeded, JSON.parse(readFileSync(reportFile, 'utf8')) as Report);
  } catch (error) {
    process.stdout.write(`vitest left no report: ${String(error)}\n`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function count(succeeded: boolean, report: Report): Tally {
  const unloadable = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  const passed = report.numPassedTests;
  const failed = report.numFailedTests + unloadable;
  const silentFailure = failed === 0 && (!succeeded || passed === 0);
  return { passed, failed: silentFailure ? 1 : failed };
}
