"""The harness places, measures and judges the labs; a learner never needs to open it."""
