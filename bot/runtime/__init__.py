"""What carries a turn: update handler, outbox worker, scheduler, rate limits, and the ports they need."""
