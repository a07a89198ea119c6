"""One person's chat: their cases, commands, reminders and preferences, a turn at a time. Pure."""
