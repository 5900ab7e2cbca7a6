import { int, map, ms, text } from '../mapper/convert.ts'
import { url } from '../mapper/convert-net.ts'
import { defineDataset } from '../mapper/dataset.ts'
import type { WorkersTraceEvents } from './records.ts'

/** Invocations of Workers. https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/workers_trace_events/ */
export default defineDataset<WorkersTraceEvents>()({
  name: 'workers_trace_events',
  description: 'Worker {faas.name}[ {event.action}]: {cloudflare.Outcome}[, {error.type}][ {error.message}]',
  fixed: { category: ['web'], type: ['info'], observer: 'faas' },
  when: {
    type: [[{ Outcome: ['exception', 'exceeded*', 'internalError', 'scriptNotFound'] }, ['error']]],
    outcome: [
      [{ Outcome: 'ok' }, 'success'],
      [{ Outcome: ['exception', 'exceeded*', 'internalError', 'scriptNotFound'] }, 'failure'],
      [{ Outcome: 'present' }, 'unknown'],
    ],
  },
  time: { time: ['EventTimestampMs'] },
  fields: [
    ['EventType', 'event.action', text],
    ['ScriptName', 'faas.name', text],
    ['ScriptVersion.ID', 'faas.version', text],
    ['Event.RayID', 'http.request.id', text],
    ['Event.Request.Method', 'http.request.method', text],
    ['Exceptions.0.Name', 'error.type', text],
    ['Exceptions.0.Message', 'error.message', text],
    ['Event.Response.Status', 'http.response.status_code', int],
    ['EventType', 'faas.trigger.type', map({ fetch: 'http', scheduled: 'timer', alarm: 'timer', queue: 'pubsub' })],
    ['WallTimeMs', 'event.duration', ms],
    ['Event.Request.URL', 'url.*', url],
  ],
})
