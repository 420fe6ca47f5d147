// suppressions.cc - what the race detector reports of third parties and should not; linked into our
// tests and programs under --config=tsan.
//
// Abseil's Mutex hides its inner synchronisation from the detector and tells it about the lock as a
// whole. What it sets up for a thread that waits for the first time is then reported, as if whoever
// wakes the thread raced with that.
extern "C" const char* __tsan_default_suppressions();

extern "C" const char* __tsan_default_suppressions() {
  return "race:synchronization_internal::CreateThreadIdentity\n";
}
