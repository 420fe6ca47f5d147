#include "lib/sync/testing/quiet_flag.h"
