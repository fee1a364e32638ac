import { claim, ownerOfThisProcess } from '../../../lib/store/claims.ts'
import { openStore } from '../../../lib/store/open.ts'

/** `node claimant.ts <store> <key> <now>`: claims, says as whom, and holds it until it is killed or told to end. */
const [address = '', key = '', now = ''] = process.argv.slice(2)
const held = await claim(openStore(address), key, { owner: ownerOfThisProcess(), seconds: 3600, clock: () => new Date(now) })
process.stdout.write(`${'heldBy' in held ? `held by ${held.heldBy}` : held.owner}\n`)
process.stdin.resume()
