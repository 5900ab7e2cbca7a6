// Asks the service whether it is alive; exit 0 or 1: on the intake's own listener, or, where that wants a certificate of whoever comes,
// on the admin listener. TLS certificates are not checked: it is this container's own.
import { request as http } from 'node:http'
import { request as https } from 'node:https'

const { PORT = '8080', ADMIN_PORT = '8081', TLS_CERT_FILE, TLS_CLIENT_CA_FILE } = process.env
const ask = TLS_CERT_FILE && !TLS_CLIENT_CA_FILE ? https : http
const port = TLS_CLIENT_CA_FILE ? ADMIN_PORT : PORT
const options = { host: '127.0.0.1', port, path: '/livez', timeout: 3000, rejectUnauthorized: false }
const call = ask(options, answer => process.exit(answer.statusCode === 200 ? 0 : 1))
call.on('timeout', () => call.destroy())
call.on('error', () => process.exit(1))
call.end()
