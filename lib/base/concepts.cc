#include "ashlar/concepts.h"
