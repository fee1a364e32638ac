import { locked } from '../../../lib/store/lock.ts'

/** `node holder.ts <lock>…`: holds the locks, each taken within the one before, says so, and waits to be killed. */
async function hold([path, ...more]: readonly string[]): Promise<void> {
  if (path !== undefined) return locked(path, () => hold(more))
  process.stdout.write('held\n')
  process.stdin.resume()
  await new Promise(() => {})
}
await hold(process.argv.slice(2))
