#pragma once

// Nothing is called from here by name: see absent_transports.c and static_names.c.
