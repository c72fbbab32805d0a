package guest

// Mark is what answers begin with: the kernel and logs say lines of their own.
const Mark = "= "

// Ready is the first answer, to no command.
const Ready = "ready"
