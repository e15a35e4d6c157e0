trigger LabResultTrigger on Lab_Result__c (after update) {
    LabResultTriggerHandler.afterUpdate(Trigger.new, Trigger.oldMap);
}
