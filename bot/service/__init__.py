"""What happens between an event and its effects: the door, the workers, and the ports they stand on."""
