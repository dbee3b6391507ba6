/** What the engine loads when it is first needed, loaded before: so that nothing in a test depends on how long loading takes. */
import '../../shared/engine/backfill/admit-event.ts';
import '../../shared/engine/verify-query.ts';
import '../../shared/engine/batch/perform.ts';
import '../../shared/engine/drive-request.ts';
import '../../shared/engine/pending-actions.ts';
import '../../shared/engine/failure-place.ts';
import '../../shared/engine/gone-plan.ts';
import '../../shared/engine/load-errors.ts';
import '../../shared/engine/plan-rebuild.ts';
import '../../shared/engine/publish.ts';
import '../../shared/engine/probe-marker.ts';
import '../../shared/engine/slots.ts';
import '../../shared/engine/verdict.ts';
import '../../shared/pipeline/identity.ts';
import '../../shared/run/decide-rare.ts';
import '../../shared/warehouse/failure-class.ts';
import '../../shared/warehouse/refusal.ts';
