#include "ashlar/internal/sync/free_word.h"
