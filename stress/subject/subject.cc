#include "stress/subject/subject.h"
