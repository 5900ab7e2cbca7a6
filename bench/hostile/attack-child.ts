/** A process of its own for the attackers, so that they cost the measured senders nothing but what they cost the service. */
import { type AttackName, attacks } from './attacks.ts'

const [name, connections, port, key] = process.argv.slice(2) as [AttackName, string, string, string]
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
// Ends with its parent, however that ended.
process.stdin.on('end', () => stop.abort()).resume()
await attacks[name]({ port: Number(port), key }, Number(connections), stop.signal)
process.exit()
