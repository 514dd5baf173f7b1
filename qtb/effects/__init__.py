"""What a transition's `then:` may name; each runs from the outbox after the commit."""
