#include "lib/sync/relacy/relacy.h"
