"""One conversation: flow, progress, answers, and the engine that moves it. Pure."""
