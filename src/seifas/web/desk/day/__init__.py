"""The day: today's page, search, telephone, appointments, worklists, reminders, locking."""
