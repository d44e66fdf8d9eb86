#pragma once

/// The x86-64 microarchitecture level the processor and the operating system support: 2, 3 or 4; 0 on others.
int ccpu_x86_64_level(void);
