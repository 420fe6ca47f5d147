#include "stress/subject/slab_cache_subject.h"
