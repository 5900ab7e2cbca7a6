// Asks the intake's own listener whether it is alive; exit 0 or 1. TLS certificates are not checked: it is this container's own.
import { request as http } from 'node:http'
import { request as https } from 'node:https'

const { PORT = '8080', TLS_CERT_FILE } = process.env
const options = { host: '127.0.0.1', port: PORT, path: '/livez', timeout: 3000, rejectUnauthorized: false }
const call = (TLS_CERT_FILE ? https : http)(options, answer => process.exit(answer.statusCode === 200 ? 0 : 1))
call.on('timeout', () => call.destroy())
call.on('error', () => process.exit(1))
call.end()
