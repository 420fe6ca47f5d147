#include "ashlar/internal/sync/id_source.h"
